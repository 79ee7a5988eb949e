import type { TaskId, WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import type { Database } from '../../platform/database/database.ts';
import type { TaskRow } from '../../platform/database/schema.ts';
import { toError } from '../../platform/errors/app-error.ts';
import { every } from '../../platform/lifecycle/every.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { toWorkflowKey } from '../estimates/run-durations.ts';
import { Dispatcher, type DispatcherDeps } from '../execution/dispatcher.ts';
import type { OpenAttempt } from '../execution/open-attempts.ts';
import type { RetryDecision } from '../execution/retry-budget.ts';
import { Board } from '../placement/board.ts';
import type { PlacedPrompt } from '../placement/board-worker.ts';
import { applyDecision, type Decision, decide } from '../placement/decide.ts';
import { explainStart, type PlacedReasons } from '../placement/explain.ts';
import { toModelsKey } from '../placement/needs.ts';
import type { PlacementRules } from '../placement/rules.ts';
import type { QueuedTask, TaskQueue, WaitingTask } from '../queue/task-queue.ts';
import { parseRequirements } from '../tasks/requirements.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import { streamWaitingTasks } from '../tasks/task-queries.ts';
import { planRetryLane } from './plan-retry-lane.ts';
import { Adoption } from './recovery/adoption.ts';
import { GivenUpPrompts } from './recovery/given-up-prompts.ts';
import { HeldTasks } from './recovery/held-tasks.ts';
import { LostWorkers } from './recovery/lost-workers.ts';
import { toWorkerFacts } from './worker-facts.ts';
import { WorkerLinks } from './worker-links.ts';

/*
 * The path of a task, read from top to bottom:
 *
 *   accepted (tasks/)  →  enter: into its lane (queue/)  →  place: free slot × lane heads (placement/)
 *     →  start: claim in SQL, run on the worker, collect bytes (execution/, assets/)
 *     →  settled: succeeded, failed, canceled, or back to enter (events/ tell the watchers all along)
 *
 * SQL is the truth at every arrow. What is in memory here, queue and board, is rebuilt from it at each start.
 */

export interface SpineDeps {
  database: Database;
  journal: TaskJournal;
  queue: TaskQueue;
  fleet: WorkerRegistry;
  clock: Clock;
  logger: Logger;
  dispatcher: Omit<DispatcherDeps, 'planRetryLane' | 'slots'>;
  /** As they are now: the strategy can change at any time. */
  rules: () => PlacementRules;
  /** An offline worker keeps its attempts this long before another capable one may take them. */
  offlineGraceMs: number;
}

/** How often waiting tasks are looked at although nothing happened: a lane may be overdue, a client may have aged. */
const REVIEW_MS = 1000;
const AGING_MS = 10_000;

/** Opens the path: rebuilds the queue, adopts open attempts worker by worker, then places. */
export async function openSpine(scope: Scope, deps: SpineDeps): Promise<Spine> {
  const { clock, logger, queue, fleet } = deps;
  const spine = new Spine(scope, deps);
  await spine.recover();
  scope.add(
    'fleet changes',
    fleet.onChange((change) => spine.onFleetChange(change.type, change.workerId)),
  );
  scope.add(
    'queue',
    queue.onReady(() => spine.place()),
  );
  const loop = (name: string, intervalMs: number, step: () => Promise<void> | void) =>
    every(scope, { name, intervalMs, clock, logger }, step);
  loop('due tasks', 250, () => spine.held.releaseDue());
  loop('lost workers', REVIEW_MS, () => spine.lost.move());
  loop('waiting tasks', REVIEW_MS, () => spine.place());
  loop('aging', AGING_MS, async () => void (await queue.age()));
  scope.add('trackers', () => spine.links.close());
  spine.place();
  return spine;
}

export class Spine {
  readonly board = new Board();
  readonly dispatcher: Dispatcher;
  readonly held: HeldTasks;
  readonly lost: LostWorkers;
  readonly links: WorkerLinks;
  readonly adoption: Adoption;
  readonly givenUp: GivenUpPrompts;
  readonly #deps: SpineDeps;
  readonly #scope: Scope;
  /** Tasks on workers with the order they had in their lanes: one that is taken back stands where it stood. */
  readonly #orders = new Map<string, WaitingTask>();
  #placing: 'idle' | 'busy' | 'again' = 'idle';
  #isTakingBack = false;

  constructor(scope: Scope, deps: SpineDeps) {
    this.#scope = scope;
    this.#deps = deps;
    const { database, journal, fleet, clock, logger } = deps;
    const { board } = this;
    this.dispatcher = new Dispatcher(scope, {
      ...deps.dispatcher,
      planRetryLane: (task, workerId, needsMoreVram) =>
        planRetryLane(board, task, { workerId, needsMoreVram }),
      slots: {
        phase: (workerId, taskId, phase) => board.setPhase(workerId, taskId, phase, clock.monotonicMs()),
        requeued: (task) => void this.#requeue(task, this.#orders.get(task.id) ?? null),
        released: (task, workerId, ran) => this.#release(task, workerId, ran),
      },
    });
    const { counters } = deps.dispatcher;
    const openEverywhere = () => this.dispatcher.size;
    this.links = new WorkerLinks({ fleet, clock, logger, openEverywhere, counters });
    this.givenUp = new GivenUpPrompts(database, this.links);
    this.held = new HeldTasks({
      database,
      journal,
      board,
      enter: (task) => this.enter(task),
      mayRetry: (taskId) => this.#mayRetry(taskId),
    });
    this.lost = new LostWorkers({ fleet, clock, board, dispatcher: this.dispatcher }, deps.offlineGraceMs);
    this.adoption = new Adoption({
      database,
      fleet,
      adopt: (open, workerId) => this.#adopt(open, workerId),
      abandon: (open) => this.dispatcher.failOrphanedAttempt(open),
    });
  }

  /** How tasks are placed now. */
  get rules(): PlacementRules {
    return this.#deps.rules();
  }

  // ── accepted → lane ────────────────────────────────────────────────────────

  /** Puts an accepted, released or taken back task into its lane. Called after its commit only. */
  async enter(task: TaskRow, before: WaitingTask | null = null): Promise<void> {
    if (task.state !== 'queued') return;
    this.#openLane(task);
    await this.#deps.queue.put(before?.lane === task.lane ? before : toQueued(task));
  }

  #openLane(task: Pick<TaskRow, 'lane' | 'requirements'>) {
    return this.board.openLane(task.lane, () => parseRequirements(task.requirements));
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
    const { queue, clock } = this.#deps;
    const heads = await queue.heads(await queue.lanes());
    while (heads.length > 0) {
      const { rules } = this;
      const nowMs = clock.monotonicMs();
      const decision = decide(this.board, heads, rules, nowMs);
      if (decision.kind !== 'start') {
        applyDecision(this.board, decision, nowMs);
        if (decision.kind === 'take_back') this.#takeBack(decision);
        break;
      }
      const { lane } = decision.head;
      const task = await queue.take(lane);
      if (task) this.#start(decision, task, explainStart(this.board, decision, rules), nowMs);
      const [next] = await queue.heads([lane]);
      const place = heads.findIndex((head) => head.lane === lane);
      heads.splice(place, 1, ...(next ? [next] : []));
      if (!next) decision.lane.noteEmpty();
    }
    this.board.trimLanes((lane) => queue.count(lane) === 0);
  }

  // ── worker → result ────────────────────────────────────────────────────────

  #start(
    decision: Extract<Decision, { kind: 'start' }>,
    task: WaitingTask,
    placed: PlacedReasons,
    nowMs: number,
  ): void {
    const { lane } = decision;
    const workerId = decision.worker.facts.id;
    const worker = this.links.open(workerId);
    if (!worker) {
      this.board.removeWorker(workerId);
      return void this.#reenter(task);
    }
    applyDecision(this.board, decision, nowMs);
    const prompt = toPrompt(task, { taskType: lane.needs.taskType, modelsKey: lane.modelsKey });
    this.board.occupy(workerId, prompt);
    this.#orders.set(task.taskId, task);
    const giveUp = () => {
      this.#orders.delete(task.taskId);
      this.board.release(workerId, prompt, false);
    };
    this.dispatcher.dispatch(task.taskId, { workerId, worker, placed }).then(
      (outcome) => {
        if (outcome === 'running') return;
        giveUp();
        this.place();
      },
      (thrown: unknown) => {
        giveUp();
        const error = toError(thrown).message;
        this.#deps.logger.warn('claim.failed', { taskId: task.taskId, workerId, error });
        void this.#reenter(task);
      },
    );
  }

  /** Puts a task back that could not be claimed; it stands where it stood. */
  async #reenter(task: WaitingTask): Promise<void> {
    await this.#deps.clock.sleep(500, this.#scope.signal).catch(() => {
      // Closing: SQL has the task.
    });
    const row = await this.#deps.journal.load(task.taskId).catch(() => null);
    if (row?.state === 'queued') await this.#deps.queue.put(row.lane === task.lane ? task : toQueued(row));
  }

  /** A prompt that only waits on its worker goes back into its lane; its slot is placed anew. */
  #takeBack({ worker, prompt, head }: Extract<Decision, { kind: 'take_back' }>): void {
    if (this.#isTakingBack) return;
    this.#isTakingBack = true;
    const workerId = worker.facts.id;
    const { taskId } = prompt;
    this.board.setPhase(workerId, taskId, 'leaving', this.#deps.clock.monotonicMs());
    void this.dispatcher
      .takeBack(taskId, head.taskId)
      .then((taken) => {
        // It runs by now, or cannot be reached: either way it keeps its slot.
        if (!taken) this.board.setPhase(workerId, taskId, 'running', this.#deps.clock.monotonicMs());
      })
      .finally(() => {
        this.#isTakingBack = false;
      });
  }

  /** `before` is the order it had in its lane. */
  async #requeue(task: TaskRow, before: WaitingTask | null): Promise<void> {
    try {
      if (await this.held.holdWithBatch(task)) return;
    } catch (thrown) {
      const error = toError(thrown).message;
      this.#deps.logger.warn('requeue.failed', { taskId: task.id, error });
      // The database is away: the task waits in its lane, and its claim looks again.
    }
    await this.enter(task, before);
  }

  /** A prompt left its worker, however it ended: its slot is free. */
  #release(task: TaskRow, workerId: WorkerId, ran: boolean): void {
    this.#orders.delete(task.id);
    const prompt = { taskId: task.id as TaskId, ownerId: task.owner_id, taskType: task.task_type };
    this.board.release(workerId, prompt, ran);
    this.place();
  }

  #mayRetry(taskId: string): RetryDecision {
    const { retries, retry, counters } = this.#deps.dispatcher;
    const decision = retries.ask(taskId, { running: this.dispatcher.size, random: retry.random() });
    if (decision.kind === 'later') counters.retriesDelayed += 1;
    return decision;
  }

  // ── the fleet changes ──────────────────────────────────────────────────────

  onFleetChange(type: string, workerId: WorkerId): void {
    this.#updateWorker(workerId, type);
    if (type === 'worker.offline') this.board.forgetModels(workerId);
    if (type === 'worker.inventory' || type === 'worker.online') {
      void this.held
        .review()
        .catch((thrown: unknown) =>
          this.#deps.logger.error('held.review_failed', { error: toError(thrown).message }),
        );
    }
    this.place();
  }

  #updateWorker(workerId: WorkerId, change: string | null = null): void {
    const worker = this.#deps.fleet.find(workerId)?.snapshot();
    this.lost.note(workerId, worker?.health ?? null, change);
    this.givenUp.watch(workerId);
    if (!worker) {
      this.board.removeWorker(workerId);
      return;
    }
    this.board.setWorker(toWorkerFacts(worker, this.adoption.isPending(workerId)));
    if (!this.adoption.isPending(workerId)) return;
    this.adoption.takeUp(workerId);
    this.board.setWorker(toWorkerFacts(worker, false));
  }

  // ── after a restart ────────────────────────────────────────────────────────

  /** Rebuilds what memory held, from SQL: the queue, and the attempts that were open. */
  async recover(): Promise<void> {
    const { database, queue, fleet, logger } = this.#deps;
    const attempts = await this.adoption.load();
    await this.givenUp.load();
    const waiting: QueuedTask[] = [];
    for await (const task of streamWaitingTasks(database, ['queued'])) {
      this.#openLane(task);
      waiting.push(toQueued(task));
    }
    await queue.rebuild(waiting);
    logger.info('spine.recovered', { waiting: waiting.length, attempts });
    for (const worker of fleet.list()) this.#updateWorker(worker.id);
  }

  #adopt(open: OpenAttempt, workerId: WorkerId): void {
    const worker = this.links.open(workerId);
    if (!worker) return;
    const { task } = open;
    const modelsKey = toModelsKey(parseRequirements(task.requirements));
    const prompt = toPrompt(
      { ...toQueued(task), rank: task.priority },
      { taskType: task.task_type, modelsKey },
    );
    this.board.occupy(workerId, prompt);
    this.dispatcher.adopt(open, workerId, worker);
  }
}

function toPrompt(
  task: QueuedTask & { rank: number },
  { taskType, modelsKey }: { taskType: string; modelsKey: string },
): PlacedPrompt {
  const { taskId, ownerId, workflowKey, lane, rank } = task;
  return { taskId, ownerId, workflowKey, lane, rank, taskType, modelsKey, phase: 'sending', startedMs: null };
}

function toQueued(task: TaskRow): QueuedTask {
  return {
    taskId: task.id as TaskId,
    lane: task.lane,
    priority: task.priority,
    acceptedSeq: task.accepted_seq,
    ownerId: task.owner_id,
    workflowKey: toWorkflowKey(task),
  };
}
