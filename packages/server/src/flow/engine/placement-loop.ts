import type { TaskId, WorkerId } from '@comfleet/contract';
import { CoalescedWork } from '../../platform/lifecycle/coalesced-work.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Dispatcher } from '../execution/dispatcher.ts';
import { applyDecision, type Decision, decide } from '../placement/decide.ts';
import { explainStart, type PlacedReasons } from '../placement/explain.ts';
import type { PlacementBoard } from '../placement/placement-board.ts';
import type { PlacementRules } from '../placement/rules.ts';
import { findFull } from '../placement/running-limits.ts';
import type { MayStart, TaskQueue, WaitingTask } from '../queue/task-queue.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { toPrompt } from './queued-task.ts';
import type { WorkerLinks } from './worker-links.ts';

export interface PlacementLoopDeps {
  board: PlacementBoard;
  queue: TaskQueue;
  dispatcher: Dispatcher;
  links: WorkerLinks;
  journal: TaskJournal;
  clock: Clock;
  logger: Logger;
  /** Current rules: the strategy can change at any time. */
  rules: () => PlacementRules;
  /** Puts a task that could not be claimed back into its lane, at its former position. */
  enter: (task: TaskRow, before: WaitingTask) => Promise<void>;
  /** No task is placed once it is aborted. */
  signal: AbortSignal;
}

/** Delay before a task goes back into its lane when its claim failed because of the database. */
const CLAIM_RETRY_MS = 500;
/** Delay before a failed round is retried. */
const ROUND_RETRY_MS = 500;

/** Matches free slots with lane heads, one decision after another, until none is left. */
export class PlacementLoop {
  readonly #deps: PlacementLoopDeps;
  /** Order of tasks on workers as it was in their lanes: a preempted task gets its former position back. */
  readonly #orders = new Map<string, WaitingTask>();
  readonly #round: CoalescedWork;
  #isPreempting = false;

  constructor(deps: PlacementLoopDeps) {
    this.#deps = deps;
    const { clock, signal, logger } = deps;
    this.#round = new CoalescedWork(() => this.#placeAll(), {
      ...{ signal, retry: { clock, afterMs: ROUND_RETRY_MS } },
      onFailed: (error) => logger.error('placement.failed', { error }),
    });
  }

  /** The order that a task on a worker had in its lane; null if an earlier process placed it. */
  orderOf(taskId: TaskId): WaitingTask | null {
    return this.#orders.get(taskId) ?? null;
  }

  /** The task left its worker. */
  forget(taskId: TaskId): void {
    this.#orders.delete(taskId);
  }

  /** Requests a placement round; calls during a round cause one more. */
  place(): void {
    this.#round.request();
  }

  async #placeAll(): Promise<void> {
    const { board, queue, clock } = this.#deps;
    const rules = this.#deps.rules();
    const mayStart: MayStart = (task) => findFull(board, task, rules) === null;
    const heads = await queue.heads(await queue.lanes(), mayStart);
    while (heads.length > 0) {
      const nowMs = clock.monotonicMs();
      const decision = decide(board, heads, rules, nowMs);
      if (decision.kind !== 'start') {
        applyDecision(board, decision, nowMs);
        if (decision.kind === 'preempt') this.#preempt(decision);
        break;
      }
      const { lane } = decision.head;
      const task = await queue.take(lane, mayStart);
      if (task) this.#start(decision, task, explainStart(board, decision, rules), nowMs);
      // Its start may have filled a limit: then later tasks of others stand first in some lanes.
      for (const head of heads.filter((one) => one.lane === lane || !mayStart(one))) {
        const [next] = await queue.heads([head.lane], mayStart);
        heads.splice(heads.indexOf(head), 1, ...(next ? [next] : []));
      }
      if (queue.count(lane) === 0) decision.lane.recordEmpty();
    }
    board.trimLanes((lane) => queue.count(lane) === 0);
  }

  #start(
    decision: Extract<Decision, { kind: 'start' }>,
    task: WaitingTask,
    placed: PlacedReasons,
    nowMs: number,
  ): void {
    const { board, links, dispatcher, logger } = this.#deps;
    const { lane } = decision;
    const workerId = decision.worker.facts.id;
    const worker = links.open(workerId);
    if (!worker) {
      board.removeWorker(workerId);
      return void this.#reenter(task);
    }
    applyDecision(board, decision, nowMs);
    const prompt = toPrompt(task, { taskType: lane.needs.taskType, modelsKey: lane.modelsKey });
    board.occupy(workerId, prompt);
    this.#orders.set(task.taskId, task);
    const giveUp = () => {
      this.#orders.delete(task.taskId);
      board.release(workerId, prompt);
    };
    dispatcher.dispatch(task.taskId, { workerId, worker, placed }).then(
      (outcome) => {
        if (outcome === 'running') return;
        giveUp();
        this.place();
      },
      (thrown: unknown) => {
        giveUp();
        logger.warn('claim.failed', { taskId: task.taskId, workerId, error: thrown });
        void this.#reenter(task);
      },
    );
  }

  /** Puts a task that could not be claimed back at its former position. */
  async #reenter(task: WaitingTask): Promise<void> {
    const { clock, signal, journal, enter } = this.#deps;
    await clock.sleep(CLAIM_RETRY_MS, signal).catch(() => {
      // Closing: the task is safe in SQL.
    });
    const row = await journal.load(task.taskId).catch(() => null);
    if (row) await enter(row, task);
  }

  /** Withdraws a prompt that only waits on its worker. Its task goes back into its lane, and the slot is placed again. */
  #preempt({ worker, prompt, head }: Extract<Decision, { kind: 'preempt' }>): void {
    if (this.#isPreempting) return;
    this.#isPreempting = true;
    const workerId = worker.facts.id;
    const { taskId } = prompt;
    this.#setPhase(workerId, taskId, 'leaving');
    void this.#deps.dispatcher
      .preempt(taskId, head.taskId)
      .then((isPreempted) => {
        // It runs by now, or its worker is unreachable: either way it keeps its slot.
        if (!isPreempted) this.#setPhase(workerId, taskId, 'running');
      })
      .finally(() => {
        this.#isPreempting = false;
      });
  }

  #setPhase(workerId: WorkerId, taskId: TaskId, phase: 'leaving' | 'running'): void {
    this.#deps.board.setPhase(workerId, taskId, phase, this.#deps.clock.monotonicMs());
  }
}
