import type { FaultScript } from '../faults/fault-script.ts';
import { shapeResult } from '../faults/shape-result.ts';
import type { FileStore } from '../files/file-store.ts';
import type { FrameEncoder } from '../images/frame.ts';
import { type Json, writeJson, writeString } from '../json/lossless-json.ts';
import type { Ledger } from '../ledger.ts';
import type { ModelMemory } from '../models/model-memory.ts';
import type { Catalog } from '../nodes/catalog.ts';
import { NodeFailure, type NodeResult, ProcessingInterrupted } from '../nodes/node-run.ts';
import type { CompiledOptions } from '../options.ts';
import type { History } from '../queue/history.ts';
import type { PromptItem, PromptQueue } from '../queue/prompt-queue.ts';
import type { SocketHub } from '../socket/socket-hub.ts';
import { createNodeContext } from './node-context.ts';
import { classNameOf, ExecutionList, inputsOf, readLink } from './order.ts';
import { PromptRun } from './prompt-run.ts';
import { ResultCache } from './result-cache.ts';

/** Everything the worker thread of a ComfyUI server works with. */
export interface WorkerDeps {
  readonly options: CompiledOptions;
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly encoder: FrameEncoder;
  readonly hub: SocketHub;
  readonly queue: PromptQueue;
  readonly history: History;
  readonly models: ModelMemory;
  readonly faults: FaultScript;
  readonly ledger: Ledger;
  readonly random: () => number;
  /** Broadcasts `status` with the count of prompts. */
  readonly announceQueue: () => void;
}

/** The server was restarted under a running prompt: stop without a word. */
export class RunAbandoned extends Error {}

interface FreeFlags {
  unloadModels: boolean;
  freeMemory: boolean;
}

/** ComfyUI's prompt worker: one prompt at a time, in the order of the heap. */
export class PromptWorker {
  private readonly deps: WorkerDeps;
  private readonly cache = new ResultCache();
  private current: PromptRun | undefined;
  private isBusy = false;
  private isDead = false;
  private flags: FreeFlags = { unloadModels: false, freeMemory: false };
  private generation = 0;
  private abort = new AbortController();

  constructor(deps: WorkerDeps) {
    this.deps = deps;
  }

  /** Starts working unless it already does; the reply to the POST leaves first. */
  wake(): void {
    if (this.isBusy || this.isDead) return;
    this.isBusy = true;
    const { generation } = this;
    void this.deps.options.clock.sleep(0).then(() => this.work(generation));
  }

  /** Sets the interrupt flag: of the running prompt only, as the flag is cleared at each start. */
  interrupt(): void {
    if (this.current === undefined) return;
    this.current.isInterrupted = true;
    this.abort.abort();
  }

  /** Asks for models or caches to be dropped after the current prompt, at once when idle. */
  free(flags: FreeFlags): void {
    this.flags = {
      unloadModels: this.flags.unloadModels || flags.unloadModels,
      freeMemory: this.flags.freeMemory || flags.freeMemory,
    };
    if (!this.isBusy && !this.isDead) this.applyFlags();
  }

  /** The node a reconnecting client is told about. */
  currentNodeOf(clientId: string): string | undefined {
    return this.current?.item.clientId === clientId ? this.current.currentNode : undefined;
  }

  currentStart(): number | undefined {
    return this.current?.startedAt;
  }

  /** The thread dies: HTTP goes on, nothing runs any more. */
  die(): void {
    this.isDead = true;
    this.abandon();
  }

  /** The process starts anew: caches and models are gone, a running prompt vanishes. */
  restart(): void {
    this.abandon();
    this.isDead = false;
    this.isBusy = false;
    this.cache.clear();
    this.deps.models.unloadAll();
  }

  private abandon(): void {
    this.generation += 1;
    this.abort.abort();
    this.current = undefined;
  }

  private async work(generation: number): Promise<void> {
    const { queue, faults, options } = this.deps;
    try {
      for (;;) {
        if (!faults.isEmpty()) await faults.waitWhile('freeze');
        if (this.generation !== generation) return;
        const item = queue.take();
        if (item === undefined) break;
        this.deps.announceQueue();
        await this.runPrompt(item, generation);
        this.applyFlags();
        if (queue.pending().length > 0) await options.clock.sleep(0);
      }
    } catch (error) {
      if (!(error instanceof RunAbandoned))
        this.deps.options.log(`Exception in thread Thread-1 (prompt_worker): ${String(error)}`);
      if (!(error instanceof RunAbandoned)) this.isDead = true;
      return;
    }
    this.isBusy = false;
  }

  private async runPrompt(item: PromptItem, generation: number): Promise<void> {
    const { faults, ledger, options, history, queue } = this.deps;
    if (!faults.isEmpty()) faults.reach('between_post_and_start', item.promptId);
    this.abort = new AbortController();
    const run = new PromptRun(item, {
      hub: this.deps.hub,
      clock: options.clock,
      hasProgressState: options.version !== 'old',
    });
    this.current = run;
    ledger.append('execution_start', run.ledgerFields());
    run.announce('execution_start', '');
    this.cache.open(item.prompt, this.deps.catalog, this.deps.files);
    const cached = [...item.prompt.keys()].filter((id) => this.cache.result(id) !== undefined);
    run.announce('execution_cached', `"nodes": ${writeJson(cached)}`);
    await this.runNodes(run, generation);
    this.assertAlive(generation);
    run.currentNode = undefined;
    ledger.append('execution_end', {
      ...run.ledgerFields(),
      status: run.status,
      interrupted: run.isInterrupted,
    });
    const end = run.end(this.collectOutputs(item));
    const isMarkerFirst = !faults.isEmpty() && faults.awaits('after_null_before_history', item.promptId);
    if (isMarkerFirst) {
      run.sendEndMarker();
      faults.reach('after_null_before_history', item.promptId);
      this.assertAlive(generation);
    }
    await this.waitHistoryGap(item.promptId);
    this.assertAlive(generation);
    queue.finishRunning();
    history.add(item, end);
    this.deps.announceQueue();
    if (!isMarkerFirst) run.sendEndMarker();
    this.current = undefined;
    options.log(`Prompt executed in ${((options.clock.now() - run.startedAt) / 1000).toFixed(2)} seconds`);
  }

  private async waitHistoryGap(promptId: string): Promise<void> {
    const { faults, options } = this.deps;
    const late = faults.take('history_late', promptId, (spec) => spec.after_marker !== true);
    const gapMs = typeof late?.ms === 'number' ? late.ms : options.historyGapMs;
    if (gapMs > 0) await options.clock.sleep(gapMs);
  }

  private assertAlive(generation: number): void {
    if (this.generation !== generation) throw new RunAbandoned();
  }

  private async runNodes(run: PromptRun, generation: number): Promise<void> {
    const { prompt, outputs, promptId } = run.item;
    const list = new ExecutionList(prompt, this.deps.catalog, (id) => this.cache.result(id) !== undefined);
    for (const id of outputs) list.add(id);
    while (!list.isEmpty()) {
      const id = list.pick();
      if (id === undefined)
        return this.failNode(
          run,
          list.cycleNode(),
          new NodeFailure('graph.DependencyCycleError', 'Dependency cycle detected'),
        );
      if (list.size() === 1) this.reachProgress(run);
      const isDone = await this.runNode(run, id, generation);
      if (!isDone) return;
      list.finish(id);
    }
    this.deps.faults.reach('between_last_node_and_null', promptId);
    this.assertAlive(generation);
    run.announce('execution_success', '');
  }

  private reachProgress(run: PromptRun): void {
    if (run.isProgressReached) return;
    run.isProgressReached = true;
    this.deps.faults.reach('during_progress', run.item.promptId);
  }

  /** Runs one node or serves it from the cache; false when the prompt ended here. */
  private async runNode(run: PromptRun, id: string, generation: number): Promise<boolean> {
    if (this.cache.result(id) !== undefined) {
      run.showResult(id, this.cache.uiOf(id)?.output ?? 'null');
      run.finishNode(id);
      return true;
    }
    run.startNode(id);
    try {
      if (run.isInterrupted) throw new ProcessingInterrupted();
      const started = this.startNode(run, id, generation);
      const result = started instanceof Promise ? await started : started;
      this.assertAlive(generation);
      this.keepResult(run, id, result);
    } catch (error) {
      if (error instanceof RunAbandoned) throw error;
      this.assertAlive(generation);
      this.failNode(run, id, error);
      return false;
    }
    run.finishNode(id);
    run.executed.push(id);
    return true;
  }

  private startNode(run: PromptRun, id: string, generation: number): NodeResult | Promise<NodeResult> {
    const className = classNameOf(run.item.prompt, id);
    const found = this.deps.catalog.find(className);
    if (found === undefined) throw new NodeFailure('KeyError', `'${className}'`);
    if (found.isPaid)
      this.deps.ledger.append('paid', { ...run.ledgerFields(), node_id: id, class: className });
    const context = createNodeContext(this.deps, {
      run,
      nodeId: id,
      className,
      signal: this.abort.signal,
      resolve: (name) => this.resolveInput(run, id, name),
      suffix: (make) => this.cache.suffix(id, className, make),
      assertAlive: () => this.assertAlive(generation),
      reachProgress: () => this.reachProgress(run),
    });
    const delayMs = this.deps.options.nodeDelays[className] ?? 0;
    if (delayMs === 0 && this.deps.faults.isEmpty()) return found.definition.run(context);
    return context.wait(delayMs).then(() => found.definition.run(context));
  }

  private resolveInput(run: PromptRun, id: string, name: string): unknown {
    const value: Json | undefined = inputsOf(run.item.prompt, id).get(name);
    const link = readLink(value);
    return link === undefined ? value : this.cache.result(link.from)?.outputs[link.slot];
  }

  private keepResult(run: PromptRun, id: string, result: NodeResult): void {
    if (result.ui !== undefined) {
      const ui = shapeResult(result.ui, this.deps.faults, this.deps.files, run.item.promptId);
      const output = writeJson(ui);
      const idJson = writeString(id);
      const meta = `{"node_id": ${idJson}, "display_node": ${idJson}, "parent_node": null, "real_node_id": ${idJson}}`;
      this.cache.keepUi(id, { output, meta });
      run.showResult(id, output);
    }
    this.cache.keep(id, { outputs: result.outputs });
  }

  private failNode(run: PromptRun, id: string, error: unknown): void {
    const { faults, ledger } = this.deps;
    faults.reach('between_last_node_and_null', run.item.promptId);
    run.status = 'error';
    const where = `"node_id": ${writeString(id)}, "node_type": ${writeString(classNameOf(run.item.prompt, id))}, "executed": ${run.executedJson()}`;
    if (error instanceof ProcessingInterrupted) {
      ledger.append('interrupted', { ...run.ledgerFields(), node_id: id });
      run.announce('execution_interrupted', where, true);
      return;
    }
    run.announce('execution_error', `${where}, ${this.describeFailure(run, id, error)}`);
  }

  private describeFailure(run: PromptRun, id: string, error: unknown): string {
    const type = error instanceof NodeFailure ? error.type : 'RuntimeError';
    const message = error instanceof Error ? error.message : String(error);
    const tips = type.endsWith('OutOfMemoryError')
      ? 'This error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.'
      : '';
    if (tips !== '') this.deps.models.unloadAll();
    const inputs: Record<string, Json[]> = {};
    for (const [name, value] of inputsOf(run.item.prompt, id)) {
      inputs[name] = [readLink(value) === undefined ? value : `<simulated ${name}>`];
    }
    const traceback = [
      '  File "/simulated/ComfyUI/execution.py", line 496, in execute\n',
      `  File "/simulated/ComfyUI/nodes.py", line 1, in run\n    raise ${type}\n`,
    ];
    return [
      `"exception_message": ${writeString(`${message}\n${tips}`)}`,
      `"exception_type": ${writeString(type)}`,
      `"traceback": ${writeJson(traceback)}`,
      `"current_inputs": ${writeJson(inputs)}`,
      `"current_outputs": ${writeJson([...run.item.prompt.keys()])}`,
    ].join(', ');
  }

  private collectOutputs(item: PromptItem): [string, string, string][] {
    const outputs: [string, string, string][] = [];
    for (const id of item.prompt.keys()) {
      const ui = this.cache.uiOf(id);
      if (ui !== undefined) outputs.push([id, ui.output, ui.meta]);
    }
    return outputs;
  }

  private applyFlags(): void {
    const { unloadModels, freeMemory } = this.flags;
    if (!unloadModels && !freeMemory) return;
    this.flags = { unloadModels: false, freeMemory: false };
    for (const model of this.deps.models.unloadAll())
      this.deps.ledger.append('model_unloaded', { model: model.name });
    if (freeMemory) this.cache.clear();
    this.deps.ledger.append('free', { unload_models: unloadModels, free_memory: freeMemory });
  }
}
