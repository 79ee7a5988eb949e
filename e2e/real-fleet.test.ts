import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Graph } from '@comfleet/comfyui';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ComfyuiProcess } from './real-fleet/comfyui-process.ts';
import { shuffledSampling, slowColour } from './real-fleet/graphs.ts';
import { hashPixels, listColours } from './real-fleet/pixels.ts';
import { runRoundRobin } from './real-fleet/round-robin.ts';
import { findMissingFile, findRealComfyui } from './services/real-comfyui.ts';
import { skipWhen } from './services/skip-reason.ts';

/*
 * Two real ComfyUI servers as one fleet. Enabled by COMFYUI_REPO_PATH and COMFYUI_PYTHON; needs the nodes of
 * ComfyUI's own tests and, for sampling, the checkpoints random-a.safetensors and random-b.safetensors.
 */

const real = findRealComfyui();
const CHECKPOINTS = ['random-a.safetensors', 'random-b.safetensors'];
const TEST_NODES = findMissingFile(real, ['tests/execution/extra_model_paths.yaml']);
const MODELS = findMissingFile(
  real,
  CHECKPOINTS.map((name) => `models/checkpoints/${name}`),
);

let folder = '';

async function startTwo(label: string): Promise<[ComfyuiProcess, ComfyuiProcess]> {
  if (real.missing !== undefined) throw new Error(real.missing);
  const start = (name: string) => ComfyuiProcess.start(real, folder, name);
  return Promise.all([start(`${label}-1`), start(`${label}-2`)]);
}

async function openRig(servers: readonly ComfyuiProcess[]): Promise<RunningServer> {
  const workers = servers.map(({ name, url }) => ({ name, url }));
  return startServer({ simulators: [], config: { workers } });
}

/** Submits in this order, follows each to its end, and calls `onEnd` for each. */
async function runAll(rig: RunningServer, graphs: readonly Graph[], onEnd: () => void = () => {}) {
  const ids: string[] = [];
  for (const graph of graphs) ids.push(await rig.submit(rig.token, { graph }));
  return Promise.all(
    ids.map(async (id) => {
      const task = await rig.finish(rig.token, id);
      onEnd();
      return task;
    }),
  );
}

async function download(rig: RunningServer, taskId: string): Promise<Buffer> {
  return (await rig.ask(rig.token, `GET /api/v2/tasks/${taskId}/download`)).bytes;
}

/** The cost of a run on its servers. */
interface Cost {
  loads: number[];
  wallSeconds: number;
  processorSeconds: number;
}

async function measure<T>(
  servers: readonly ComfyuiProcess[],
  run: () => Promise<T>,
): Promise<{ value: T; cost: Cost }> {
  const readProcessor = async () => {
    const seconds = await Promise.all(servers.map((server) => server.loadProcessorSeconds()));
    return sum(seconds);
  };
  const before = await readProcessor();
  const beganMs = performance.now();
  const value = await run();
  const wallSeconds = (performance.now() - beganMs) / 1000;
  const loads = servers.map((server) => server.countModelLoads());
  return { value, cost: { loads, wallSeconds, processorSeconds: (await readProcessor()) - before } };
}

function describeCost({ loads, wallSeconds, processorSeconds }: Cost): string {
  return (
    `${sum(loads)} model loads (${loads.join(' + ')}), ${wallSeconds.toFixed(1)} s, ` +
    `${processorSeconds.toFixed(1)} s of processor time`
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

describe('two real ComfyUI servers', skipWhen(TEST_NODES), () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'comfleet-real-fleet-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  describe('one of them killed in the middle', () => {
    let servers: [ComfyuiProcess, ComfyuiProcess];
    let rig: RunningServer;
    beforeEach(async () => {
      servers = await startTwo('killed');
      rig = await openRig(servers);
    });
    afterEach(async () => {
      await rig?.close();
      for (const server of servers ?? []) await server.kill();
    });

    test('LB7 LB8 forty tasks end with forty right pictures, those of the dead server elsewhere', async () => {
      const colours = Array.from({ length: 40 }, (_, index) => 0x102030 + index * 0x050307);
      const [survivor, victim] = servers;
      let ended = 0;
      let killed = Promise.resolve();

      const tasks = await runAll(
        rig,
        colours.map((colour) => slowColour(colour, 0.3)),
        () => {
          ended += 1;
          if (ended === 12) killed = victim.kill();
        },
      );
      await killed;

      expect(tasks.map(({ status }) => status)).toEqual(Array(40).fill('succeeded'));
      const pictures = await Promise.all(tasks.map(({ task_id }) => download(rig, task_id)));
      expect(pictures.map(listColours)).toEqual(colours.map((colour) => [colour]));
      const finishedBy = (name: string) => tasks.filter(({ worker_name }) => worker_name === name).length;
      expect(finishedBy(victim.name)).toBeGreaterThan(0);
      expect(finishedBy(survivor.name)).toBeGreaterThan(12);
      const moved = tasks.filter(({ attempts }) => attempts.length > 1);
      expect(moved.length).toBeGreaterThan(0);
      expect(moved.map(({ attempts }) => attempts[0].worker_name)).toEqual(moved.map(() => victim.name));
      process.stdout.write(
        `real fleet, one killed: ${finishedBy(victim.name)} tasks by the one that died, ` +
          `${finishedBy(survivor.name)} by the other, ${moved.length} moved\n`,
      );
    }, 180_000);
  });

  test('ND13 tasks on two checkpoints load a model no more often than round robin does, with the same pictures', {
    ...skipWhen(MODELS),
    timeout: 600_000,
  }, async () => {
    const graphs = shuffledSampling(CHECKPOINTS, 12, 4);
    const direct = await startTwo('direct');
    const { value: theirs, cost: directCost } = await measure(direct, () =>
      runRoundRobin(direct, graphs, join(folder, 'pictures')),
    ).finally(() => Promise.all(direct.map((server) => server.kill())));

    const fleet = await startTwo('fleet');
    const rig = await openRig(fleet);
    try {
      const { value: tasks, cost: fleetCost } = await measure(fleet, () => runAll(rig, graphs));
      const ours = await Promise.all(tasks.map(({ task_id }) => download(rig, task_id)));
      process.stdout.write(
        `real fleet, 24 tasks on 2 checkpoints: round robin ${describeCost(directCost)}; ` +
          `Comfleet ${describeCost(fleetCost)}\n`,
      );

      expect(tasks.map(({ status }) => status)).toEqual(Array(24).fill('succeeded'));
      expect(ours.map(hashPixels)).toEqual(theirs.map(hashPixels));
      expect(new Set(ours.map(hashPixels)).size).toBe(24);
      expect(sum(fleetCost.loads)).toBeLessThanOrEqual(sum(directCost.loads));
    } finally {
      await rig.close();
      for (const server of fleet) await server.kill();
    }
  });
});
