import { startTimeSlice } from '@comfleet/comfyui';
import type { TaskId, WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import { CoalescedWork } from '../../platform/lifecycle/coalesced-work.ts';
import { every } from '../../platform/lifecycle/every.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import { Dispatcher } from '../execution/dispatcher.ts';
import type { OpenAttempt } from '../execution/open-attempts.ts';
import type { RetryDecision } from '../execution/retry-budget.ts';
import { toModelsKey } from '../placement/needs.ts';
import { PlacementBoard } from '../placement/placement-board.ts';
import type { PlacementRules } from '../placement/rules.ts';
import { EmbeddedQueue } from '../queue/embedded-queue.ts';
import type { QueuedTask, WaitingTask } from '../queue/task-queue.ts';
import { streamWaitingTasks } from '../tasks/task-queries.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { BoardUpdater } from './board-updater.ts';
import { createExecution, type ExecutionOptions, type ExecutionParts } from './create-execution.ts';
import { createForecasts } from './create-forecasts.ts';
import type { Engine, EngineStats } from './engine.ts';
import { EngineQueries } from './engine-queries.ts';
import { LaneMigration } from './lane-migration.ts';
import { PlacementLoop } from './placement-loop.ts';
import { planRetryLane } from './plan-retry-lane.ts';
import { toPrompt, toQueued } from './queued-task.ts';
import { AttemptRecovery } from './recovery/attempt-recovery.ts';
import { type HeldDeps, HeldTasks } from './recovery/held-tasks.ts';
import { LatePromptRecovery } from './recovery/late-prompt-recovery.ts';
import { LostWorkers } from './recovery/lost-workers.ts';
import { TaskLanes } from './task-lanes.ts';
import type { TaskTallies } from './task-tallies.ts';
import { WorkerLinks } from './worker-links.ts';

export interface EngineDeps extends ExecutionParts, Pick<HeldDeps, 'inventories' | 'standIns'> {
  fleet: WorkerRegistry;
  tallies: TaskTallies;
}

export interface EngineOptions extends ExecutionOptions {
  /** Read at each decision: strategy, limits and bypass can change at run time. */
  rules: () => Pick<PlacementRules, 'strategy' | 'bypass' | 'typeLimit' | 'running'>;
  /** A client without a started task in a lane for this long has its rank raised by one. */
  agingMs: () => number;
  /** How long an offline worker keeps its attempts before another capable worker may take them. */
  offlineGraceMs: () => number;
}

/** How often waiting tasks are reviewed without a trigger: a lane may be overdue, a client may have aged. */
const REVIEW_MS = 1000;
const AGING_MS = 10_000;
const DUE_MS = 250;

/** Opens the engine of one process: rebuilds the queue, resumes open attempts worker by worker, then places tasks. */
export async function openEngine(scope: Scope, deps: EngineDeps, options: EngineOptions): Promise<Engine> {
  const engine = new EmbeddedEngine(scope, deps, options);
  await engine.start(scope);
  return engine;
}

/** Keeps queue and board in the memory of this process, which alone holds the lock on the data. */
class EmbeddedEngine implements Engine {
  readonly #deps: EngineDeps;
  readonly #board = new PlacementBoard();
  readonly #queue: EmbeddedQueue;
  readonly #dispatcher: Dispatcher;
  readonly #loop: PlacementLoop;
  readonly #links: WorkerLinks;
  readonly #held: HeldTasks;
  readonly #review: CoalescedWork;
  readonly #lost: LostWorkers;
  readonly #recovery: AttemptRecovery;
  readonly #latePrompts: LatePromptRecovery;
  readonly #boardUpdater: BoardUpdater;
  readonly #lanes = new TaskLanes();
  readonly #queries: EngineQueries;

  constructor(scope: Scope, deps: EngineDeps, options: EngineOptions) {
    this.#deps = deps;
    const { database, journal, fleet, clock, logger, counters } = deps;
    const queue = new EmbeddedQueue({ now: () => clock.monotonicMs(), agingMs: options.agingMs });
    const board = this.#board;
    this.#queue = queue;
    const forecasts = createForecasts({ ...deps, queue, board });
    const rules = (): PlacementRules => ({
      ...options.rules(),
      durations: deps.estimates.durations,
      laneSize: (lane) => queue.count(lane),
      random: () => deps.random.fraction(),
    });
    this.#dispatcher = this.#createDispatcher(scope, options);
    const dispatcher = this.#dispatcher;
    const openEverywhere = () => dispatcher.size;
    this.#links = new WorkerLinks({ fleet, clock, logger, openEverywhere, counters });
    this.#loop = new PlacementLoop({
      ...{ board, queue, dispatcher, journal, clock, logger },
      ...{ links: this.#links, rules },
      enter: (task, before) => this.#reenter(task, before),
      signal: scope.signal,
    });
    const lanes = this.#lanes;
    this.#queries = new EngineQueries({
      ...{ board, queue, lanes, forecasts, dispatcher, fleet, clock },
      ...{ links: this.#links, rules },
    });
    this.#latePrompts = new LatePromptRecovery(database, this.#links);
    this.#held = new HeldTasks({
      ...{ ...deps, board, lanes },
      enter: (task) => this.#enter(task),
      mayRetry: (taskId) => this.#mayRetry(taskId),
    });
    this.#review = new CoalescedWork(() => this.#held.review(), {
      ...{ signal: scope.signal, retry: { clock, afterMs: REVIEW_MS } },
      onFailed: (error) => logger.error('held.review_failed', { error }),
    });
    this.#lost = new LostWorkers({ fleet, clock, board, dispatcher, lanes }, options.offlineGraceMs);
    this.#recovery = new AttemptRecovery({
      ...{ database, fleet },
      resume: (open, workerId) => this.#resume(open, workerId),
      failOrphaned: (open) => dispatcher.failOrphanedAttempt(open),
    });
    const migration = new LaneMigration({
      ...{ database, board, queue, lanes, clock, logger },
      signal: scope.signal,
      onSettled: () => this.#boardUpdater.showUnseen(),
    });
    this.#boardUpdater = new BoardUpdater({
      ...{ fleet, board, estimates: deps.estimates, place: () => this.#loop.place() },
      ...{ lanes, migration, reviewHeld: () => this.#review.request() },
      ...{ lost: this.#lost, recovery: this.#recovery, latePrompts: this.#latePrompts },
    });
  }

  #createDispatcher(scope: Scope, options: ExecutionOptions): Dispatcher {
    const { clock } = this.#deps;
    const board = this.#board;
    return new Dispatcher(scope, {
      ...createExecution(this.#deps, options),
      planRetryLane: (task, failed) => planRetryLane({ board, lanes: this.#lanes }, task, failed),
      slots: {
        phase: (workerId, taskId, phase) => board.setPhase(workerId, taskId, phase, clock.monotonicMs()),
        requeued: (task) => void this.#requeue(task, this.#loop.orderOf(task.id)),
        released: (task, workerId) => this.#release(task, workerId),
      },
    });
  }

  // ── the seam ───────────────────────────────────────────────────────────────

  async enqueue(tasks: readonly TaskRow[]): Promise<void> {
    const { clock, estimates } = this.#deps;
    const slice = startTimeSlice(clock);
    for (const task of tasks) {
      if (task.state !== 'queued') continue;
      const entering = this.#enter(task);
      // Recorded before the task can start, so that its end can be compared with the forecast.
      estimates.recordForecast(task.id, this.#queries.forecast(task));
      await entering;
      await slice.yieldIfSpent();
    }
    const held = tasks.filter((task) => task.state === 'held');
    if (held.length > 0) await this.#countHeld(held);
    // A worker may have reported its inventory between the check and the commit.
    for (const task of held) await this.#held.reviewTask(task);
  }

  /** Counts held tasks, then uncounts those that another change has released or ended in the meantime. */
  async #countHeld(held: readonly TaskRow[]): Promise<void> {
    const { tallies, journal, clock } = this.#deps;
    const slice = startTimeSlice(clock);
    for (const task of held) tallies.record(task);
    for (const { id } of held) {
      await slice.yieldIfSpent();
      const now = await journal.load(id);
      if (now?.state !== 'held') tallies.forget(id);
    }
  }

  async drop(ids: readonly TaskId[]): Promise<void> {
    const slice = startTimeSlice(this.#deps.clock);
    for (const id of ids) {
      await this.#queue.drop(id);
      await slice.yieldIfSpent();
    }
  }

  async cancelRunning(id: TaskId): Promise<void> {
    this.#dispatcher.stop(id, 'canceled');
  }

  async outlook(tasks: readonly TaskRow[]) {
    return this.#queries.outlook(tasks);
  }

  async estimateErrors() {
    return this.#deps.estimates.errors();
  }

  async explain(task: TaskRow) {
    return this.#queries.explain(task);
  }

  async locate(id: TaskId) {
    return this.#queries.locate(id);
  }

  recheck(id: TaskId) {
    return this.#queries.recheck(id);
  }

  async loads() {
    return this.#queries.loads();
  }

  describePlacement() {
    return this.#queries.describePlacement();
  }

  async workerGone(worker: WorkerId): Promise<void> {
    this.#lost.leave(worker);
  }

  async settingsChanged(): Promise<void> {
    this.#loop.place();
  }

  async fleetComplete(): Promise<void> {
    await this.#recovery.failOrphaned();
  }

  async stats(): Promise<EngineStats> {
    const { tallies, counters } = this.#deps;
    return {
      waiting: this.#queue.size(),
      held: tallies.held,
      running: this.#dispatcher.size,
      finished: { ...tallies.finished },
      finishedBy: { ...this.#dispatcher.finishedBy },
      ...counters,
    };
  }

  // ── background loops ───────────────────────────────────────────────────────

  async start(scope: Scope): Promise<void> {
    const { clock, logger, fleet } = this.#deps;
    await this.#recover();
    scope.add(
      'fleet changes',
      fleet.onChange(({ type, workerId }) => this.#boardUpdater.follow(workerId, type)),
    );
    scope.add(
      'queue',
      this.#queue.onReady(() => this.#loop.place()),
    );
    const loop = (name: string, intervalMs: number, step: () => Promise<void> | void) =>
      every(scope, { name, intervalMs, clock, logger }, step);
    loop('due tasks', DUE_MS, () => this.#held.releaseDue());
    loop('lost workers', REVIEW_MS, () => this.#lost.move());
    loop('waiting tasks', REVIEW_MS, () => this.#loop.place());
    loop('aging', AGING_MS, async () => void (await this.#queue.age()));
    scope.add('trackers', () => this.#links.close());
    this.#review.request();
    this.#loop.place();
  }

  // ── lanes and slots ────────────────────────────────────────────────────────

  /** Puts an accepted or released task into its lane; only after its commit. */
  async #enter(task: TaskRow): Promise<void> {
    if (task.state === 'queued') await this.#queue.put(toQueued(task, this.#openLane(task)));
  }

  /** Puts back a task that was placed but did not run. `before` is its order until then; null if an earlier process placed it. */
  async #reenter(task: TaskRow, before: WaitingTask | null): Promise<void> {
    if (task.state !== 'queued') return;
    const lane = this.#openLane(task);
    await this.#queue.put(before?.lane === lane ? before : { ...toQueued(task, lane), keepsPlace: true });
  }

  #openLane({ requirements }: Pick<TaskRow, 'requirements'>): string {
    const { key, needs } = this.#lanes.find(requirements);
    this.#board.openLane(key, () => needs);
    return key;
  }

  async #requeue(task: TaskRow, before: WaitingTask | null): Promise<void> {
    try {
      if (await this.#held.holdWithBatch(task)) return;
    } catch (thrown) {
      this.#deps.logger.warn('requeue.failed', { taskId: task.id, error: thrown });
      // The database is unavailable: the task waits in its lane, and its claim checks the batch again.
    }
    await this.#reenter(task, before);
  }

  /** A prompt left its worker, however it ended: frees the slot. */
  #release(task: TaskRow, workerId: WorkerId): void {
    this.#loop.forget(task.id);
    const { id: taskId, owner_id: ownerId, project_id: projectId, task_type: taskType } = task;
    this.#board.release(workerId, { taskId, ownerId, projectId, taskType });
    this.#loop.place();
  }

  #mayRetry(taskId: TaskId): RetryDecision {
    const { retries, random, counters } = this.#deps;
    const decision = retries.ask(taskId, { running: this.#dispatcher.size, random: random.fraction() });
    if (decision.kind === 'later') counters.retriesDelayed += 1;
    return decision;
  }

  // ── after a restart ────────────────────────────────────────────────────────

  /** Rebuilds the state in memory from SQL: the queue and the open attempts. */
  async #recover(): Promise<void> {
    const { database, fleet, clock, logger, tallies } = this.#deps;
    const attempts = await this.#recovery.load();
    // Before the first lane is opened: lane keys depend on the known kinds of workers.
    for (const worker of fleet.list()) this.#boardUpdater.recordKind(worker.id);
    await this.#latePrompts.load();
    const slice = startTimeSlice(clock);
    for await (const task of streamWaitingTasks(database, 'held')) {
      tallies.record(task);
      await slice.yieldIfSpent();
    }
    const waiting: QueuedTask[] = [];
    for await (const task of streamWaitingTasks(database, 'queued')) {
      waiting.push(toQueued(task, this.#openLane(task)));
      await slice.yieldIfSpent();
    }
    await this.#queue.rebuild(waiting);
    logger.info('engine.recovered', { waiting: waiting.length, attempts });
    for (const worker of fleet.list()) this.#boardUpdater.update(worker.id);
  }

  #resume(open: OpenAttempt, workerId: WorkerId): void {
    const worker = this.#links.open(workerId);
    if (!worker) return;
    const { task } = open;
    const { key, needs } = this.#lanes.find(task.requirements);
    const modelsKey = toModelsKey(needs);
    const waiting = { ...toQueued(task, key), rank: task.priority };
    this.#board.occupy(workerId, toPrompt(waiting, { taskType: task.task_type, modelsKey }));
    this.#dispatcher.resume(open, workerId, worker);
  }
}
