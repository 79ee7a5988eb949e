import { readNumber } from '../faults/fault-script.ts';
import { shapeResult } from '../faults/shape-result.ts';
import { type Json, writeJson, writeString } from '../json/lossless-json.ts';
import { findCallError } from '../nodes/dynamic-inputs.ts';
import { NodeFailure, type NodeResult, ProcessingInterrupted } from '../nodes/node-run.ts';
import { isSince } from '../profile.ts';
import type { PromptEnd } from '../queue/history.ts';
import { describeFailure, isOutOfMemory } from './describe-failure.ts';
import { createNodeContext } from './node-context.ts';
import { classNameOf, ExecutionList, inputsOf, readLink } from './order.ts';
import type { PromptRun } from './prompt-run.ts';
import type { CachedUi, ResultCache } from './result-cache.ts';
import { RunAbandoned, type WorkerDeps } from './worker-deps.ts';

/** Dependencies of one run of a graph. */
export interface GraphScope {
  readonly run: PromptRun;
  readonly cache: ResultCache;
  readonly signal: AbortSignal;
  /** Throws RunAbandoned if the server has been restarted. */
  readonly assertAlive: () => void;
}

/** Runs the nodes of one prompt, one after the other, from `execution_cached` to the terminal message. */
export class GraphRun {
  private readonly deps: WorkerDeps;
  private readonly scope: GraphScope;
  private readonly run: PromptRun;
  private readonly cache: ResultCache;
  /** Results of the nodes that this prompt reached, in that order. */
  private readonly reached = new Map<string, CachedUi>();

  constructor(deps: WorkerDeps, scope: GraphScope) {
    this.deps = deps;
    this.scope = scope;
    this.run = scope.run;
    this.cache = scope.cache;
  }

  /** Runs what is not cached. Throws PoisonedPrompt for a graph that ends the worker thread. */
  async runNodes(): Promise<void> {
    const { run, cache, deps } = this;
    const { prompt, outputs, promptId } = run.item;
    const list = new ExecutionList(prompt, deps.catalog, (id) => cache.result(id) !== undefined);
    for (const id of outputs) list.add(id);
    while (!list.isEmpty()) {
      const id = list.pick();
      if (id === undefined) {
        const cycle = new NodeFailure('graph.DependencyCycleError', 'Dependency cycle detected');
        return this.failNode(list.cycleNode(), cycle);
      }
      if (list.size() === 1) this.reachProgress();
      if (!(await this.runNode(id))) return;
      list.finish(id);
    }
    this.showIntermediate();
    deps.faults.reach('between_last_node_and_null', promptId);
    await this.delayEnd();
    this.scope.assertAlive();
    run.announce('execution_success', '');
  }

  /** `[node id, output, meta]` for history. Up to 0.3.64 cached results of nodes outside the run are included. */
  collectOutputs(): PromptEnd['outputs'] {
    const { prompt } = this.run.item;
    const isReachedOnly = isSince(this.deps.options.version, '0.33');
    const shown: Iterable<readonly [string, CachedUi | undefined]> = isReachedOnly
      ? this.reached
      : [...prompt.keys()].map((id) => [id, this.cache.uiOf(id)] as const);
    return [...shown].flatMap(([id, ui]) => (ui === undefined ? [] : [[id, ui.output, ui.meta] as const]));
  }

  /** The fault `end_late`: the worker collects garbage before it reports the end. */
  private async delayEnd(): Promise<void> {
    const late = this.deps.faults.take('end_late', this.run.item.promptId);
    if (late !== undefined) await this.deps.options.clock.sleep(readNumber(late, 'ms', 1000));
  }

  private reachProgress(): void {
    if (this.run.isProgressReached) return;
    this.run.isProgressReached = true;
    this.deps.faults.reach('during_progress', this.run.item.promptId);
  }

  /** Runs one node or serves it from the cache; false if the prompt ended here. */
  private async runNode(id: string): Promise<boolean> {
    const { run, scope } = this;
    if (this.cache.result(id) !== undefined) {
      this.showCached(id);
      run.finishNode(id);
      return true;
    }
    run.startNode(id);
    try {
      if (run.isInterrupted) throw new ProcessingInterrupted();
      const started = this.startNode(id);
      const result = started instanceof Promise ? await started : started;
      scope.assertAlive();
      this.keepResult(id, result);
    } catch (error) {
      if (error instanceof RunAbandoned) throw error;
      scope.assertAlive();
      this.failNode(id, error);
      return false;
    }
    run.finishNode(id);
    run.executed.push(id);
    return true;
  }

  private showCached(id: string): void {
    const ui = this.cache.uiOf(id);
    if (ui !== undefined) this.reached.set(id, ui);
    this.run.showResult(id, ui?.output ?? 'null');
  }

  /** Since 0.19.0 cached nodes with an intermediate output are reported too, although no output needs them. */
  private showIntermediate(): void {
    const { prompt } = this.run.item;
    for (const id of prompt.keys()) {
      const found = this.deps.catalog.find(classNameOf(prompt, id));
      if (found?.hasIntermediateOutput !== true || this.run.executed.includes(id)) continue;
      if (this.cache.result(id) !== undefined) this.showCached(id);
    }
  }

  private startNode(id: string): NodeResult | Promise<NodeResult> {
    const { run, deps } = this;
    const className = classNameOf(run.item.prompt, id);
    const found = deps.catalog.find(className);
    if (found === undefined) throw new NodeFailure('KeyError', `'${className}'`);
    const badCall = findCallError(
      found.inputs,
      inputsOf(run.item.prompt, id),
      (value) => readLink(value) !== undefined,
    );
    if (badCall !== undefined) throw new NodeFailure('TypeError', `${className}.execute() ${badCall}`);
    if (found.isPaid) deps.ledger.append('paid', { ...run.ledgerFields(), node_id: id, class: className });
    const context = createNodeContext(deps, {
      run,
      nodeId: id,
      className,
      signal: this.scope.signal,
      resolve: (name) => this.resolveInput(id, name),
      suffix: (make) => this.cache.suffix(id, className, make),
      assertAlive: this.scope.assertAlive,
      reachProgress: () => this.reachProgress(),
    });
    const delayMs = deps.options.nodeDelays[className] ?? 0;
    if (delayMs === 0 && deps.faults.isEmpty()) return found.definition.run(context);
    return context.wait(delayMs).then(() => found.definition.run(context));
  }

  private resolveInput(id: string, name: string): unknown {
    const value: Json | undefined = inputsOf(this.run.item.prompt, id).get(name);
    const link = readLink(value);
    return link === undefined ? value : this.cache.result(link.from)?.outputs[link.slot];
  }

  private keepResult(id: string, result: NodeResult): void {
    const { deps, run } = this;
    if (result.ui !== undefined) {
      const ui = shapeResult(result.ui, deps.faults, deps.files, run.item.promptId);
      const output = writeJson(ui);
      const idJson = writeString(id);
      const meta = `{"node_id": ${idJson}, "display_node": ${idJson}, "parent_node": null, "real_node_id": ${idJson}}`;
      this.cache.keepUi(id, { output, meta });
      this.reached.set(id, { output, meta });
      run.showResult(id, output);
    }
    this.cache.keep(id, { outputs: result.outputs });
  }

  private failNode(id: string, error: unknown): void {
    const { deps, run } = this;
    const { prompt, promptId } = run.item;
    deps.faults.reach('between_last_node_and_null', promptId);
    run.status = 'error';
    const where = `"node_id": ${writeString(id)}, "node_type": ${writeString(classNameOf(prompt, id))}, "executed": ${run.executedJson()}`;
    if (error instanceof ProcessingInterrupted) {
      deps.ledger.append('interrupted', { ...run.ledgerFields(), node_id: id });
      run.announce('execution_interrupted', where, true);
      return;
    }
    if (isOutOfMemory(error)) deps.models.unloadAll();
    run.announce('execution_error', `${where}, ${describeFailure(prompt, id, error)}`);
  }
}
