import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSimulator, type Simulator, type SimulatorOptions } from '@comfleet/simulator';
import { afterEach } from 'vitest';
import { ComfyError, ComfyUI } from '../src/node.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A picture without models; `color` makes each prompt unique. */
export const picture = (color: number) => ({
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color } },
  '2': {
    class_type: 'SaveImage',
    inputs: { filename_prefix: 'picture', images: ['1', 0] },
    _meta: { title: 'Save' },
  },
});

export const sampled = (seed: number, steps = 4) => ({
  '3': {
    class_type: 'KSampler',
    inputs: {
      seed,
      steps,
      cfg: 7,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
      model: ['4', 0],
      positive: ['6', 0],
      negative: ['7', 0],
      latent_image: ['5', 0],
    },
  },
  '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'random-a.safetensors' } },
  '5': { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
  '6': { class_type: 'CLIPTextEncode', inputs: { text: 'a cat', clip: ['4', 1] } },
  '7': { class_type: 'CLIPTextEncode', inputs: { text: '', clip: ['4', 1] } },
  '8': { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
  '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'sampled', images: ['8', 0] } },
});

/** A simulated server, a client for it and an empty folder; closed after the test. */
export async function openSession(
  options: SimulatorOptions = {},
  client: { timeoutMs?: number; language?: 'en' | 'zh-TW' } = {},
) {
  const simulator = await openSimulator(options);
  const folder = await mkdtemp(join(tmpdir(), 'comfyui-session-'));
  const comfy = new ComfyUI({ host: '127.0.0.1', port: simulator.port, ...client });
  const lines: string[] = [];
  comfy.on('line', (line) => lines.push(line));
  closers.push(
    () => rm(folder, { recursive: true, force: true }),
    () => simulator.close(),
    () => comfy.close(),
  );
  return { simulator, folder, comfy, lines };
}

/** Number of ledger lines with this event. */
export function count(simulator: Simulator, event: string): number {
  return simulator.ledger.lines().filter((line) => line.event === event).length;
}

/** The code of the ComfyError that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const reason: unknown = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  return reason instanceof ComfyError ? reason.code : String(reason);
}
