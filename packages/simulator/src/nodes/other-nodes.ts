import { readAnnotatedName } from '../files/annotated-name.ts';
import { simulatedFrame } from '../images/simulated-picture.ts';
import { ExactNumber, type Json, writeJson } from '../json/lossless-json.ts';
import { type NodeDefinition, NodeFailure, type NodeRun } from './node-run.ts';

const SLEEP_TICK_MS = 10;

/** TestSleep of the recorded testing pack: progress about every 10 ms, then the value passes through. */
const runTestSleep: NodeRun = async (context) => {
  const seconds = context.number('seconds', 1);
  const start = context.clock.monotonicNs();
  for (;;) {
    const elapsed = Number(context.clock.monotonicNs() - start) / 1e9;
    if (seconds > 0) context.progress(Math.min(elapsed, seconds), seconds);
    if (elapsed >= seconds) break;
    await context.wait(Math.min(SLEEP_TICK_MS, (seconds - elapsed) * 1000));
  }
  return { outputs: [context.input('value')] };
};

const runTestSyncError: NodeRun = () => {
  throw new NodeFailure('RuntimeError', 'Intentional sync execution error for testing');
};

const runPreviewAny: NodeRun = (context) => {
  const text = describeValue(context.input('source'));
  return { outputs: [text], ui: { text: [text] } };
};

function describeValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof ExactNumber) return value.text;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'object' && 'kind' in value) return `<${String(value.kind)}>`;
  return writeJson(value as Json);
}

const runLoadAudio: NodeRun = (context) => {
  const name = context.text('audio');
  const { path, folder } = readAnnotatedName(name);
  if (context.files.read(folder ?? 'input', path) === undefined) {
    throw new NodeFailure('FileNotFoundError', `[Errno 2] No such file or directory: '${name}'`);
  }
  return { outputs: [{ kind: 'audio', name }] };
};

/** A paid picture: drawn from the prompt, the seed and the size, free of charge. */
const runPaidPicture: NodeRun = (context) => {
  const [width, height] = context.text('size', '1024x1024').split('x').map(Number);
  const recipe = { text: context.text('prompt'), seed: String(context.number('seed', 0)), steps: 1 };
  return { outputs: [{ kind: 'image', frames: [simulatedFrame(width ?? 1024, height ?? 1024, recipe)] }] };
};

/** Test nodes, text viewers, audio sources and a paid node. */
export const OTHER_NODES: Readonly<Record<string, NodeDefinition>> = {
  TestSleep: { run: runTestSleep, isAsync: true },
  TestSyncError: { run: runTestSyncError },
  PreviewAny: { run: runPreviewAny },
  OpenAIDalle3: { run: runPaidPicture },
  LoadAudio: {
    run: runLoadAudio,
    validate: {
      names: ['audio'],
      check(inputs, files) {
        const name = inputs.get('audio');
        if (typeof name !== 'string') return `Invalid audio file: ${String(name)}`;
        const { path, folder } = readAnnotatedName(name);
        return files.read(folder ?? 'input', path) === undefined ? `Invalid audio file: ${name}` : true;
      },
    },
  },
  EmptyLatentAudio: {
    run: () => ({ outputs: [{ kind: 'latent', latent: { width: 64, height: 64, batchSize: 1 } }] }),
  },
};
