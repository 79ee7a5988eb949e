import { startTimeSlice } from '@comfleet/comfyui';
import type { TaskId, WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import { AskedWork } from '../../platform/lifecycle/asked-work.ts';
import { every } from '../../platform/lifecycle/every.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import { Dispatcher } from '../execution/dispatcher.ts';
import type { OpenAttempt } from '../execution/open-attempts.ts';
import type { RetryDecision } from '../execution/retry-budget.ts';
import { Board } from '../placement/board.ts';
import { toModelsKey } from '../placement/needs.ts';
import type { PlacementRules } from '../placement/rules.ts';
import { EmbeddedQueue } from '../queue/embedded-queue.ts';
import type { QueuedTask, WaitingTask } from '../queue/task-queue.ts';
import { streamWaitingTasks } from '../tasks/task-queries.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { createExecution, type ExecutionOptions, type ExecutionParts } from './create-execution.ts';
import { createForecasts } from './create-forecasts.ts';
import type { Engine, EngineStats } from './engine.ts';
import { EngineAnswers } from './engine-answers.ts';
import { FleetBoard } from './fleet-board.ts';
import { PlacementLoop } from './placement-loop.ts';
import { planRetryLane } from './plan-retry-lane.ts';
import { toPrompt, toQueued } from './queued-task.ts';
import { Adoption } from './recovery/adoption.ts';
import { GivenUpPrompts } from './recovery/given-up-prompts.ts';
import { type HeldDeps, HeldTasks } from './recovery/held-tasks.ts';
import { LostWorkers } from './recovery/lost-workers.ts';
import { Relaning } from './relaning.ts';
import { TaskLanes } from './task-lanes.ts';
import type { TaskTallies } from './task-tallies.ts';
import { WorkerLinks } from './worker-links.ts';

export interface EngineDeps extends ExecutionParts, Pick<HeldDeps, 'inventories' | 'standIns'> {
  fleet: WorkerRegistry;
  tallies: TaskTallies;
}

export interface EngineOptions extends ExecutionOptions {
  /** As they are at each decision: strategy, limits and bypass change while it runs. */
  rules: () => Pick<PlacementRules, 'strategy' | 'bypass' | 'typeLimit'>;
  /** A client without a start in a lane for this long is raised a step. */
  agingMs: () => number;
  /** An offline worker keeps its attempts this long before another capable one may take them. */
  offlineGraceMs: number;
}

/** How often waiting tasks are looked at although nothing happened: a lane may be overdue, a client may have aged. */
const REVIEW_MS = 1000;
const AGING_MS = 10_000;
const DUE_MS = 250;

/** Opens the engine of one process: rebuilds the queue, takes up open attempts worker by worker, then places. */
export async function openEngine(scope: Scope, deps: EngineDeps, options: EngineOptions): Promise<Engine> {
  const engine = new EmbeddedEngine(scope, deps, options);
  await engine.start(scope);
  return engine;
}

/** Queue and board in the memory of this process, which alone holds the right to its data. */
class EmbeddedEngine implements Engine {
  readonly #deps: EngineDeps;
  readonly #board = new Board();
  readonly #queue: EmbeddedQueue;
  readonly #dispatcher: Dispatcher;
  readonly #loop: PlacementLoop;
  readonly #links: WorkerLinks;
  readonly #held: HeldTasks;
  readonly #review: AskedWork;
  readonly #lost: LostWorkers;
  readonly #adoption: Adoption;
  readonly #givenUp: GivenUpPrompts;
  readonly #fleetBoard: FleetBoard;
  readonly #lanes = new TaskLanes();
  readonly #answers: EngineAnswers;

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
    this.#answers = new EngineAnswers({
      ...{ board, queue, lanes, forecasts, dispatcher, fleet, clock },
      ...{ links: this.#links, rules },
    });
    this.#givenUp = new GivenUpPrompts(database, this.#links);
    this.#held = new HeldTasks({
      ...{ ...deps, board, lanes },
      enter: (task) => this.#enter(task),
      mayRetry: (taskId) => this.#mayRetry(taskId),
    });
    this.#review = new AskedWork(() => this.#held.review(), {
      ...{ clock, signal: scope.signal, retryMs: REVIEW_MS },
      onFailed: (error) => logger.error('held.review_failed', { error }),
    });
    this.#lost = new LostWorkers({ fleet, clock, board, dispatcher, lanes }, options.offlineGraceMs);
    this.#adoption = new Adoption({
      ...{ database, fleet },
      adopt: (open, workerId) => this.#adopt(open, workerId),
      abandon: (open) => dispatcher.failOrphanedAttempt(open),
    });
    const relaning = new Relaning({
      ...{ database, board, queue, lanes, clock, logger },
      signal: scope.signal,
      onSettled: () => this.#fleetBoard.showUnseen(),
    });
    this.#fleetBoard = new FleetBoard({
      ...{ fleet, board, estimates: deps.estimates, place: () => this.#loop.place() },
      ...{ lanes, relaning, reviewHeld: () => this.#review.ask() },
      ...{ lost: this.#lost, adoption: this.#adoption, givenUp: this.#givenUp },
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
        released: (task, workerId, ran) => this.#release(task, workerId, ran),
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
      // At once, before it can start: what comes is compared with it.
      estimates.noteForecast(task.id, this.#answers.forecast(task));
      await entering;
      await slice.yieldIfSpent();
    }
    const held = tasks.filter((task) => task.state === 'held');
    if (held.length > 0) await this.#countHeld(held);
    // A worker may have told what it has between the check and the commit.
    for (const task of held) await this.#held.reviewTask(task);
  }

  /** Counts held tasks, and takes back those that another change has let go or ended before they came here. */
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
    return this.#answers.outlook(tasks);
  }

  async estimateErrors() {
    return this.#deps.estimates.errors();
  }

  async explain(task: TaskRow) {
    return this.#answers.explain(task);
  }

  async locate(id: TaskId) {
    return this.#answers.locate(id);
  }

  recheck(id: TaskId) {
    return this.#answers.recheck(id);
  }

  async loads() {
    return this.#answers.loads();
  }

  describePlacement() {
    return this.#answers.describePlacement();
  }

  async workerGone(worker: WorkerId): Promise<void> {
    this.#lost.leave(worker);
  }

  async settingsChanged(): Promise<void> {
    this.#loop.place();
  }

  async fleetComplete(): Promise<void> {
    await this.#adoption.abandonStrangers();
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

  // ── what runs by itself ────────────────────────────────────────────────────

  async start(scope: Scope): Promise<void> {
    const { clock, logger, fleet } = this.#deps;
    await this.#recover();
    scope.add(
      'fleet changes',
      fleet.onChange(({ type, workerId }) => this.#fleetBoard.follow(workerId, type)),
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
    this.#review.ask();
    this.#loop.place();
  }

  // ── lanes and slots ────────────────────────────────────────────────────────

  /** Puts an accepted or released task into its lane. After its commit only. */
  async #enter(task: TaskRow): Promise<void> {
    if (task.state === 'queued') await this.#queue.put(toQueued(task, this.#openLane(task)));
  }

  /** The same for one that was placed and did not run; `before` is the order it had, null for one that an earlier process placed. */
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
      // The database is away: the task waits in its lane, and its claim looks again.
    }
    await this.#reenter(task, before);
  }

  /** A prompt left its worker, however it ended: its slot is free. */
  #release(task: TaskRow, workerId: WorkerId, ran: boolean): void {
    this.#loop.forget(task.id);
    const prompt = { taskId: task.id, ownerId: task.owner_id, taskType: task.task_type };
    this.#board.release(workerId, prompt, ran);
    this.#loop.place();
  }

  #mayRetry(taskId: TaskId): RetryDecision {
    const { retries, random, counters } = this.#deps;
    const decision = retries.ask(taskId, { running: this.#dispatcher.size, random: random.fraction() });
    if (decision.kind === 'later') counters.retriesDelayed += 1;
    return decision;
  }

  // ── after a restart ────────────────────────────────────────────────────────

  /** Rebuilds what memory held, from SQL: the queue, and the attempts that were open. */
  async #recover(): Promise<void> {
    const { database, fleet, clock, logger, tallies } = this.#deps;
    const attempts = await this.#adoption.load();
    // Before the first lane is opened: what it is known by depends on the kinds of workers.
    for (const worker of fleet.list()) this.#fleetBoard.noteKind(worker.id);
    await this.#givenUp.load();
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
    for (const worker of fleet.list()) this.#fleetBoard.update(worker.id);
  }

  #adopt(open: OpenAttempt, workerId: WorkerId): void {
    const worker = this.#links.open(workerId);
    if (!worker) return;
    const { task } = open;
    const { key, needs } = this.#lanes.find(task.requirements);
    const modelsKey = toModelsKey(needs);
    const waiting = { ...toQueued(task, key), rank: task.priority };
    this.#board.occupy(workerId, toPrompt(waiting, { taskType: task.task_type, modelsKey }));
    this.#dispatcher.adopt(open, workerId, worker);
  }
}
