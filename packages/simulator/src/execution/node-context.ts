import { readNumber, readText } from '../faults/fault-script.ts';
import { isNumber, isObject, type Json, toNumber } from '../json/lossless-json.ts';
import type { SimulatedModel } from '../models/model-memory.ts';
import { type NodeContext, NodeFailure, ProcessingInterrupted } from '../nodes/node-run.ts';
import { type CompiledOptions, PREVIEW_METHODS } from '../options.ts';
import { isSince } from '../profile.ts';
import type { PromptRun } from './prompt-run.ts';
import type { WorkerDeps } from './worker-deps.ts';

interface ContextScope {
  readonly run: PromptRun;
  readonly nodeId: string;
  readonly className: string;
  readonly signal: AbortSignal;
  readonly resolve: (name: string) => unknown;
  readonly suffix: (make: () => string) => string;
  readonly assertAlive: () => void;
  readonly reachProgress: () => void;
}

const SUFFIX_LETTERS = 'abcdefghijklmnopqrstupvxyz';

/** Creates a node's view of the prompt and the server. */
export function createNodeContext(deps: WorkerDeps, scope: ContextScope): NodeContext {
  const { options } = deps;
  const { run } = scope;
  const pngInfo = run.item.extraData.get('extra_pnginfo');
  return {
    nodeId: scope.nodeId,
    classType: scope.className,
    ...readInputs(scope.resolve),
    ...followTime(deps, scope),
    loadModel: (model) => makeResident(deps, scope, model),
    findModel: (name) => deps.catalog.findModel(name),
    writeFile: (folder, path, bytes) => storeFile(deps, run, { folder, path, bytes }),
    temporarySuffix: () => scope.suffix(() => drawLetters(deps.random)),
    randomHex: (length) => drawHex(deps.random, length),
    sendText: (text) => run.sendText(scope.nodeId, text),
    files: deps.files,
    encoder: deps.encoder,
    clock: options.clock,
    promptJson: run.item.promptJson,
    extraPngInfo: isObject(pngInfo) ? pngInfo : undefined,
    disableMetadata: options.disableMetadata,
    stepMs: options.stepMs,
    previews: choosePreviews(run.item.extraData.get('preview_method'), options),
  };
}

/** Since 0.5.0 a prompt may choose its own method; unknown ones are ignored. */
function choosePreviews(requested: Json | undefined, { version, previewMethod }: CompiledOptions): boolean {
  const own = isSince(version, '0.33') ? PREVIEW_METHODS.find((method) => method === requested) : undefined;
  return (own ?? previewMethod) !== 'none';
}

function drawHex(random: () => number, length: number): string {
  return Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
}

function readInputs(resolve: (name: string) => unknown): Pick<NodeContext, 'input' | 'text' | 'number'> {
  return {
    input: resolve,
    text(name, fallback) {
      const value = resolve(name);
      if (typeof value === 'string') return value;
      return value === undefined && fallback !== undefined ? fallback : String(value);
    },
    number(name, fallback) {
      const value = resolve(name);
      if (isNumber(value)) return toNumber(value);
      if (value === undefined && fallback !== undefined) return fallback;
      throw new NodeFailure('TypeError', `${name} must be a number`);
    },
  };
}

function assertGoing(scope: ContextScope): void {
  scope.assertAlive();
  if (scope.run.isInterrupted) throw new ProcessingInterrupted();
}

function followTime(deps: WorkerDeps, scope: ContextScope): Pick<NodeContext, 'progress' | 'wait'> {
  const { faults, options } = deps;
  return {
    progress(value, max, image) {
      assertGoing(scope);
      scope.run.progress(scope.nodeId, value, max, image);
      if (value * 2 >= max) scope.reachProgress();
      scope.assertAlive();
    },
    async wait(ms) {
      if (!faults.isEmpty()) {
        await faults.waitWhile('freeze');
        throwNodeFault(deps, scope);
      }
      const slow = faults.peek('slow');
      const factor = slow === undefined ? 1 : readNumber(slow, 'factor', 10);
      await options.clock.sleep(ms * factor, scope.signal);
      assertGoing(scope);
    },
  };
}

/** Loads a model into the simulated VRAM; takes no time if it is resident. */
function makeResident(
  deps: WorkerDeps,
  scope: ContextScope,
  model: SimulatedModel,
): Promise<void> | undefined {
  const { ledger, options, models } = deps;
  const plan = models.load(model);
  for (const old of plan.evicted) ledger.append('model_unloaded', { model: old.name });
  if (!plan.isCold) return undefined;
  const facts = { model: model.name, load_ms: model.loadMs, vram_mb: model.vramMegabytes };
  ledger.append('model_loaded', { ...scope.run.ledgerFields(), ...facts });
  return options.clock.sleep(model.loadMs, scope.signal).then(() => assertGoing(scope));
}

interface ResultFile {
  readonly folder: 'output' | 'temp';
  readonly path: string;
  readonly bytes: Buffer;
}

function storeFile(
  { faults, files, ledger }: WorkerDeps,
  run: PromptRun,
  { folder, path, bytes }: ResultFile,
): void {
  if (faults.take('disk_full', run.item.promptId) !== undefined) {
    throw new NodeFailure('OSError', `[Errno 28] No space left on device: '${files.pathOf(folder)}/${path}'`);
  }
  files.write(folder, path, bytes);
  ledger.append('file_written', { ...run.ledgerFields(), folder, path, bytes: bytes.length });
}

function drawLetters(random: () => number): string {
  const draw = (): string => SUFFIX_LETTERS[Math.floor(random() * SUFFIX_LETTERS.length)] ?? 'a';
  return Array.from({ length: 5 }, draw).join('');
}

/** Faults that make a node raise: out of memory, or any Python error. */
function throwNodeFault(deps: WorkerDeps, scope: ContextScope): void {
  const fits = (spec: { readonly [field: string]: unknown }): boolean =>
    spec.class === undefined || spec.class === scope.className;
  const { promptId } = scope.run.item;
  if (deps.faults.take('out_of_memory', promptId, fits) !== undefined) {
    throw new NodeFailure(
      'torch.OutOfMemoryError',
      'Allocation on device 0 would exceed allowed memory. (out of memory)',
    );
  }
  const raised = deps.faults.take('node_error', promptId, fits);
  if (raised !== undefined) {
    throw new NodeFailure(
      readText(raised, 'exception_type', 'RuntimeError'),
      readText(raised, 'message', 'simulated error'),
    );
  }
}
