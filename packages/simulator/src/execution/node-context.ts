import { readNumber, readText } from '../faults/fault-script.ts';
import { isNumber, isObject, toNumber } from '../json/lossless-json.ts';
import { type NodeContext, NodeFailure, ProcessingInterrupted } from '../nodes/node-run.ts';
import type { PromptRun } from './prompt-run.ts';
import type { WorkerDeps } from './prompt-worker.ts';

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

/** Gives a node its view of the prompt and the server. */
export function createNodeContext(deps: WorkerDeps, scope: ContextScope): NodeContext {
  const { options, faults, ledger } = deps;
  const { run, nodeId } = scope;
  const assertGoing = (): void => {
    scope.assertAlive();
    if (run.isInterrupted) throw new ProcessingInterrupted();
  };
  const pngInfo = run.item.extraData.get('extra_pnginfo');
  return {
    nodeId,
    classType: scope.className,
    input: scope.resolve,
    text(name, fallback) {
      const value = scope.resolve(name);
      if (typeof value === 'string') return value;
      if (value === undefined && fallback !== undefined) return fallback;
      return String(value);
    },
    number(name, fallback) {
      const value = scope.resolve(name);
      if (isNumber(value)) return toNumber(value);
      if (value === undefined && fallback !== undefined) return fallback;
      throw new NodeFailure('TypeError', `${name} must be a number`);
    },
    progress(value, max, image) {
      assertGoing();
      run.progress(nodeId, value, max, image);
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
      assertGoing();
    },
    loadModel(model) {
      const plan = deps.models.load(model);
      for (const old of plan.evicted) ledger.append('model_unloaded', { model: old.name });
      if (!plan.isCold) return undefined;
      ledger.append('model_loaded', {
        ...run.ledgerFields(),
        model: model.name,
        load_ms: model.loadMs,
        vram_mb: model.vramMegabytes,
      });
      return options.clock.sleep(model.loadMs, scope.signal).then(assertGoing);
    },
    findModel: (name) => deps.catalog.findModel(name),
    writeFile(folder, path, bytes) {
      if (faults.take('disk_full', run.item.promptId) !== undefined) {
        throw new NodeFailure(
          'OSError',
          `[Errno 28] No space left on device: '${deps.files.pathOf(folder)}/${path}'`,
        );
      }
      deps.files.write(folder, path, bytes);
      ledger.append('file_written', { ...run.ledgerFields(), folder, path, bytes: bytes.length });
    },
    temporarySuffix: () =>
      scope.suffix(() =>
        Array.from(
          { length: 5 },
          () => SUFFIX_LETTERS[Math.floor(deps.random() * SUFFIX_LETTERS.length)] ?? 'a',
        ).join(''),
      ),
    files: deps.files,
    encoder: deps.encoder,
    clock: options.clock,
    promptJson: run.item.promptJson,
    extraPngInfo: isObject(pngInfo) ? pngInfo : undefined,
    disableMetadata: options.disableMetadata,
    stepMs: options.stepMs,
    previews: options.previewMethod !== 'none',
  };
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
