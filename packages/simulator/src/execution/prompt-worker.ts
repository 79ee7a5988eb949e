import { writeJson } from '../json/lossless-json.ts';
import { isSince } from '../profile.ts';
import type { PromptItem } from '../queue/prompt-queue.ts';
import { GraphRun } from './graph-run.ts';
import { PromptRun } from './prompt-run.ts';
import { ResultCache } from './result-cache.ts';
import { RunAbandoned, type WorkerDeps } from './worker-deps.ts';

/** Results of other graphs that 0.33 keeps; the real one keeps them while there is memory. */
const RETAINED_OF_OTHERS = 2000;

interface FreeFlags {
  unloadModels: boolean;
  freeMemory: boolean;
}

/** ComfyUI's prompt worker: one prompt at a time, in the order of the heap. */
export class PromptWorker {
  private readonly deps: WorkerDeps;
  private readonly cache: ResultCache;
  private current: PromptRun | undefined;
  private isBusy = false;
  private isDead = false;
  private flags: FreeFlags = { unloadModels: false, freeMemory: false };
  private generation = 0;
  private abort = new AbortController();

  constructor(deps: WorkerDeps) {
    this.deps = deps;
    this.cache = new ResultCache(isSince(deps.options.version, '0.33') ? RETAINED_OF_OTHERS : 0);
  }

  /** Starts working unless it already does; the response to the POST is sent first. */
  wake(): void {
    if (this.isBusy || this.isDead) return;
    this.isBusy = true;
    const { generation } = this;
    void this.deps.options.clock.sleep(0).then(() => this.work(generation));
  }

  /** Sets the interrupt flag. Affects only the running prompt, as each start clears the flag. */
  interrupt(): void {
    if (this.current === undefined) return;
    this.current.isInterrupted = true;
    this.abort.abort();
  }

  /** Requests that models or caches be dropped after the current prompt, at once if idle. */
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

  /** The thread dies: HTTP keeps working, but nothing runs any more. */
  die(): void {
    this.isDead = true;
    this.abandon();
  }

  /** The process restarts: caches and models are gone, a running prompt vanishes. */
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
      hasProgressState: isSince(options.version, '0.3.64'),
    });
    this.current = run;
    const graph = new GraphRun(this.deps, {
      run,
      cache: this.cache,
      signal: this.abort.signal,
      assertAlive: () => this.assertAlive(generation),
    });
    ledger.append('execution_start', run.ledgerFields());
    run.announce('execution_start', '');
    this.cache.open(item.prompt, this.deps.catalog, this.deps.files);
    const cached = [...item.prompt.keys()].filter((id) => this.cache.result(id) !== undefined);
    run.announce('execution_cached', `"nodes": ${writeJson(cached)}`);
    await graph.runNodes();
    this.assertAlive(generation);
    run.currentNode = undefined;
    ledger.append('execution_end', {
      ...run.ledgerFields(),
      status: run.status,
      interrupted: run.isInterrupted,
    });
    const end = run.end(graph.collectOutputs());
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
