import type { TaskId, WorkerId } from '@comfleet/contract';
import type { ConnectedWorker, WorkerRegistry, WorkerSnapshot } from '../fleet/workers/registry.ts';
import type { Database } from '../platform/database/database.ts';
import type { TaskRow } from '../platform/database/schema.ts';
import { toError } from '../platform/errors/app-error.ts';
import { every } from '../platform/lifecycle/every.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { RunningWorker } from './execution/attempt-runner.ts';
import { Dispatcher, type DispatcherDeps } from './execution/dispatcher.ts';
import { loadOpenAttempts, type OpenAttempt } from './execution/open-attempts.ts';
import { WorkerTracker } from './execution/worker-tracker.ts';
import { chooseWorker, findMissing, type Needs, type PlaceableWorker } from './placement/choose-worker.ts';
import { compareQueued, type QueuedTask, type TaskQueue } from './queue/task-queue.ts';
import { createLaneKey, parseRequirements } from './tasks/requirements.ts';
import type { TaskChange } from './tasks/task-change.ts';
import type { TaskJournal } from './tasks/task-journal.ts';
import { isBatchPaused, loadDueTasks, streamWaitingTasks } from './tasks/task-queries.ts';

/*
 * The path of a task, read from top to bottom:
 *
 *   accepted (tasks/)  →  enter: into its lane (queue/)  →  place: free slot × lane heads (placement/)
 *     →  dispatch: claim in SQL, run on the worker, collect bytes (execution/, assets/)
 *     →  settled: succeeded, failed, canceled, or back to enter (events/ tell the watchers all along)
 *
 * SQL is the truth at every arrow. What is in memory here, queue and loads, is rebuilt from it at each start.
 */

export interface SpineDeps {
  database: Database;
  journal: TaskJournal;
  queue: TaskQueue;
  fleet: WorkerRegistry;
  clock: Clock;
  logger: Logger;
  dispatcher: Omit<DispatcherDeps, 'planRetryLane'>;
  /** An offline worker keeps its attempts this long before another capable one may take them. */
  offlineGraceMs: number;
}

/** As long as a graph node may hold a worker's Python (protocol 11.3): the busy limit of health checks. */
const UNSEEN_GRACE_MS = 30_000;

/** Opens the path: rebuilds the queue, adopts open attempts worker by worker, then places. */
export async function openSpine(scope: Scope, deps: SpineDeps): Promise<Spine> {
  const spine = new Spine(scope, deps);
  await spine.recover();
  scope.add(
    'fleet changes',
    deps.fleet.onChange((change) => spine.onFleetChange(change.type, change.workerId)),
  );
  scope.add(
    'queue',
    deps.queue.onReady(() => spine.place()),
  );
  every(scope, { name: 'due tasks', intervalMs: 250, clock: deps.clock, logger: deps.logger }, () =>
    spine.releaseDue(),
  );
  every(scope, { name: 'offline workers', intervalMs: 1000, clock: deps.clock, logger: deps.logger }, () =>
    spine.moveFromOffline(),
  );
  scope.add('trackers', () => spine.stopTracking());
  spine.place();
  return spine;
}

export class Spine {
  readonly dispatcher: Dispatcher;
  readonly #deps: SpineDeps;
  readonly #scope: Scope;
  readonly #trackers = new Map<WorkerId, { worker: ConnectedWorker; tracker: WorkerTracker }>();
  /** What the tasks of a lane need; one entry a lane, as long as the lane has had a task. */
  readonly #needs = new Map<string, Needs>();
  /** Open attempts of the last process, by worker: taken up when the worker joins, before anything new goes there. */
  readonly #toAdopt = new Map<WorkerId, OpenAttempt[]>();
  readonly #offlineSince = new Map<WorkerId, number>();
  /** Workers that answered this process at least once. */
  readonly #seenOnline = new Set<WorkerId>();
  #placing: 'idle' | 'busy' | 'again' = 'idle';

  constructor(scope: Scope, deps: SpineDeps) {
    this.#scope = scope;
    this.#deps = deps;
    this.dispatcher = new Dispatcher(
      scope,
      { ...deps.dispatcher, planRetryLane: (task, workerId) => this.#planRetryLane(task, workerId) },
      () => this.place(),
    );
  }

  // ── accepted → lane ────────────────────────────────────────────────────────

  /** Puts an accepted or released task into its lane. Called after its commit only. */
  async enter(task: TaskRow): Promise<void> {
    if (task.state !== 'queued') return;
    if (!this.#needs.has(task.lane)) this.#needs.set(task.lane, parseRequirements(task.requirements));
    await this.#deps.queue.put(toQueued(task));
  }

  // ── lane → worker ──────────────────────────────────────────────────────────

  /** Looks for pairs of free slots and lane heads, once now; calls that come meanwhile cause one more look. */
  place(): void {
    if (this.#scope.signal.aborted) return;
    if (this.#placing !== 'idle') {
      this.#placing = 'again';
      return;
    }
    this.#placing = 'busy';
    void this.#placeAll()
      .catch((thrown: unknown) =>
        this.#deps.logger.error('placement.failed', { error: toError(thrown).message }),
      )
      .finally(() => {
        const again = this.#placing === 'again';
        this.#placing = 'idle';
        if (again) this.place();
      });
  }

  async #placeAll(): Promise<void> {
    const { queue } = this.#deps;
    const fleet = this.listPlaceable();
    const heads = await queue.heads(await queue.lanes());
    for (const head of heads.sort((a, b) => this.#compareAcrossLanes(a, b))) {
      await this.#placeLane(head.lane, fleet);
    }
  }

  /** Starts heads of one lane as long as a worker has a slot for them. */
  async #placeLane(lane: string, fleet: Map<WorkerId, PlaceableWorker>): Promise<void> {
    const needs = this.#needs.get(lane);
    if (!needs) return;
    while (true) {
      const choice = chooseWorker([...fleet.values()], needs);
      if (choice.kind === 'none') return;
      const head = await this.#deps.queue.take(lane);
      const chosen = fleet.get(choice.workerId);
      if (!head || !chosen) return;
      fleet.set(choice.workerId, { ...chosen, load: chosen.load + 1 });
      this.#dispatch(head.taskId, choice.workerId);
    }
  }

  /** Across lanes: priority, then the client with the fewest running, then age. */
  #compareAcrossLanes(a: QueuedTask, b: QueuedTask): number {
    const running = (ownerId: string) =>
      this.dispatcher.list().filter(({ task }) => task.owner_id === ownerId).length;
    if (a.priority !== b.priority || a.ownerId === b.ownerId) return compareQueued(a, b);
    return running(a.ownerId) - running(b.ownerId) || compareQueued(a, b);
  }

  /** Every worker as placement sees it. A worker whose open attempts are not adopted yet takes nothing new. */
  listPlaceable(): Map<WorkerId, PlaceableWorker> {
    return new Map(this.#deps.fleet.list().map((worker) => [worker.id, this.#toPlaceable(worker)]));
  }

  #toPlaceable(worker: WorkerSnapshot): PlaceableWorker {
    return {
      id: worker.id,
      online: worker.state === 'online' && !this.#toAdopt.has(worker.id),
      maintenance: worker.state === 'maintenance',
      simulated: worker.simulated,
      load: this.dispatcher.load(worker.id),
      maxConcurrent: worker.maxConcurrent,
      capabilities: worker.capabilities,
      classTypes: worker.inventory?.classTypes ?? null,
      models: worker.inventory?.models ?? null,
    };
  }

  // ── worker → result ────────────────────────────────────────────────────────

  #dispatch(taskId: TaskId, workerId: WorkerId): void {
    const worker = this.#toRunning(workerId);
    if (!worker) return void this.#reenter(taskId);
    this.dispatcher.dispatch(taskId, workerId, worker).then(
      (outcome) => {
        if (outcome === 'lost') this.place();
      },
      (thrown: unknown) => {
        this.#deps.logger.warn('claim.failed', { taskId, workerId, error: toError(thrown).message });
        void this.#reenter(taskId);
      },
    );
  }

  /** Puts a task back that could not be claimed; it stands where it stood. */
  async #reenter(taskId: TaskId): Promise<void> {
    await this.#deps.clock.sleep(500, this.#scope.signal).catch(() => {
      // Closing: SQL has the task.
    });
    const task = await this.#deps.journal.load(taskId).catch(() => null);
    if (task) await this.enter(task);
  }

  #toRunning(workerId: WorkerId): RunningWorker | null {
    const worker = this.#deps.fleet.find(workerId);
    if (!worker) return null;
    const tracker = this.#findTracker(worker);
    return {
      http: worker.http,
      tracker,
      get socketId() {
        return worker.socket.socketId;
      },
      expectStatus: () => worker.socket.expectStatus(),
      suspect: () => worker.suspect(),
    };
  }

  #findTracker(worker: ConnectedWorker): WorkerTracker {
    const known = this.#trackers.get(worker.id);
    if (known?.worker === worker) return known.tracker;
    known?.tracker.close();
    const { clock, logger } = this.#deps;
    const tracker = new WorkerTracker(worker, { clock, logger, openEverywhere: () => this.dispatcher.size });
    this.#trackers.set(worker.id, { worker, tracker });
    return tracker;
  }

  /** The tracker that follows a task's prompt now; null when none runs. */
  findTracker(workerId: WorkerId): WorkerTracker | null {
    return this.#trackers.get(workerId)?.tracker ?? null;
  }

  stopTracking(): void {
    for (const { tracker } of this.#trackers.values()) tracker.close();
  }

  // ── held → lane again ──────────────────────────────────────────────────────

  /** Held tasks whose time has come go back into their lanes. */
  async releaseDue(): Promise<void> {
    const { database } = this.#deps;
    for (const task of await loadDueTasks(database, database.nowMs())) await this.release(task);
  }

  /** Lets a held task wait in its lane; one of a paused batch stays held for that. */
  async release(task: TaskRow): Promise<void> {
    const paused = await isBatchPaused(this.#deps.database, task);
    if (paused && task.held_reason === 'batch_paused') return;
    const change: TaskChange = paused
      ? { type: 'task.held', heldReason: 'batch_paused' }
      : { type: 'task.queued' };
    const queued = await this.#deps.journal.change(
      task.id,
      (row) => (row.state === 'held' ? { changes: [change] } : null),
      task,
    );
    if (queued) await this.enter(queued);
  }

  /** Tasks held for want of a worker: whoever can run now is let go, the others say why they wait. */
  async reviewHeld(): Promise<void> {
    const fleet = [...this.listPlaceable().values()].filter((worker) => worker.classTypes !== null);
    if (fleet.length === 0) return;
    for await (const task of streamWaitingTasks(this.#deps.database, ['held'])) {
      if (task.held_reason !== 'no_worker_known' && task.held_reason !== 'no_worker_capable') continue;
      const needs = parseRequirements(task.requirements);
      if (fleet.some((worker) => !findMissing(worker, needs))) await this.release(task);
      else if (task.held_reason === 'no_worker_known') await this.#holdIncapable(task);
    }
  }

  async #holdIncapable(task: TaskRow): Promise<void> {
    await this.#deps.journal.change(task.id, (row) =>
      row.state === 'held' ? { changes: [{ type: 'task.held', heldReason: 'no_worker_capable' }] } : null,
    );
  }

  // ── the fleet changes ──────────────────────────────────────────────────────

  onFleetChange(type: string, workerId: WorkerId): void {
    const worker = this.#deps.fleet.list().find(({ id }) => id === workerId);
    if (worker?.state === 'offline' || worker?.state === 'error') {
      if (!this.#offlineSince.has(workerId)) this.#offlineSince.set(workerId, this.#deps.clock.monotonicMs());
    } else this.#offlineSince.delete(workerId);
    if (worker?.state === 'online') this.#seenOnline.add(workerId);
    if (worker) this.#adopt(workerId);
    if (type === 'worker.inventory' || type === 'worker.online') {
      void this.reviewHeld().catch((thrown: unknown) =>
        this.#deps.logger.error('held.review_failed', { error: toError(thrown).message }),
      );
    }
    this.place();
  }

  /** Attempts on a worker that stays away go to another one that can run them; without one they wait for it. */
  moveFromOffline(): void {
    const now = this.#deps.clock.monotonicMs();
    const registered = new Set(this.#deps.fleet.list().map((worker) => worker.id));
    for (const { task, workerId } of this.dispatcher.list()) {
      const since = this.#offlineSince.get(workerId);
      const gone = !registered.has(workerId);
      // One that has not answered since our start may only be busy with the prompts we adopted.
      const graceMs = this.#seenOnline.has(workerId) ? this.#deps.offlineGraceMs : UNSEEN_GRACE_MS;
      if (!gone && (since === undefined || now - since < graceMs)) continue;
      if (gone || this.#hasOther(task, workerId)) this.dispatcher.stop(task.id, 'worker_lost');
    }
  }

  #hasOther(task: TaskRow, workerId: WorkerId): boolean {
    const needs = parseRequirements(task.requirements);
    return [...this.listPlaceable().values()].some(
      (worker) =>
        worker.id !== workerId && worker.online && !worker.maintenance && !findMissing(worker, needs),
    );
  }

  #planRetryLane(task: TaskRow, workerId: string) {
    const requirements = parseRequirements(task.requirements);
    const excludedWorkers = [...new Set([...requirements.excludedWorkers, workerId])];
    const next = { ...requirements, excludedWorkers };
    const hasOtherWorker = [...this.listPlaceable().values()].some(
      (worker) =>
        !excludedWorkers.includes(worker.id) &&
        worker.online &&
        !worker.maintenance &&
        !findMissing(worker, next),
    );
    return { key: createLaneKey(next), requirements: JSON.stringify(next), hasOtherWorker };
  }

  // ── after a restart ────────────────────────────────────────────────────────

  /** Rebuilds what memory held, from SQL: the queue, and the attempts that were open. */
  async recover(): Promise<void> {
    const { database, queue, fleet, logger } = this.#deps;
    for (const open of await loadOpenAttempts(database)) {
      const workerId = open.attempt.worker_id as WorkerId;
      this.#toAdopt.set(workerId, [...(this.#toAdopt.get(workerId) ?? []), open]);
    }
    const waiting: QueuedTask[] = [];
    for await (const task of streamWaitingTasks(database, ['queued'])) {
      if (!this.#needs.has(task.lane)) this.#needs.set(task.lane, parseRequirements(task.requirements));
      waiting.push(toQueued(task));
    }
    await queue.rebuild(waiting);
    const attempts = [...this.#toAdopt.values()].flat().length;
    logger.info('spine.recovered', { waiting: waiting.length, attempts });
    for (const worker of fleet.list()) this.#adopt(worker.id);
  }

  /** Takes up the open attempts of a worker of the fleet; one that does not answer yet is asked until it does. */
  #adopt(workerId: WorkerId): void {
    const open = this.#toAdopt.get(workerId);
    if (!open) return;
    this.#toAdopt.delete(workerId);
    for (const attempt of open) {
      const worker = this.#toRunning(workerId);
      if (worker) this.dispatcher.adopt(attempt, workerId, worker);
    }
  }

  /** Once configuration and instances are in: open attempts of workers that are not part of the fleet any more are over. */
  async abandonStrangers(): Promise<void> {
    for (const [workerId, open] of [...this.#toAdopt]) {
      if (this.#deps.fleet.find(workerId)) continue;
      this.#toAdopt.delete(workerId);
      for (const attempt of open) await this.dispatcher.abandon(attempt);
    }
  }

  /** Tells which workers still have attempts of the last process to take up. */
  get unadopted(): number {
    return this.#toAdopt.size;
  }
}

function toQueued(task: TaskRow): QueuedTask {
  return {
    taskId: task.id as TaskId,
    lane: task.lane,
    priority: task.priority,
    acceptedSeq: task.accepted_seq,
    ownerId: task.owner_id,
  };
}
