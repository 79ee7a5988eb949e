import type { TaskId, WorkerId } from '@comfleet/contract';
import { AskedWork } from '../../platform/lifecycle/asked-work.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Dispatcher } from '../execution/dispatcher.ts';
import { applyDecision, type Decision, decide } from '../placement/decide.ts';
import { explainStart, type PlacedReasons } from '../placement/explain.ts';
import type { PlacementBoard } from '../placement/placement-board.ts';
import type { PlacementRules } from '../placement/rules.ts';
import type { TaskQueue, WaitingTask } from '../queue/task-queue.ts';
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
  /** As they are now: the strategy can change at any time. */
  rules: () => PlacementRules;
  /** Puts a task that could not be claimed back into its lane, with the order it had there. */
  enter: (task: TaskRow, before: WaitingTask) => Promise<void>;
  /** Nothing is placed once it is aborted. */
  signal: AbortSignal;
}

/** A task whose claim failed for want of the database goes back into its lane after this. */
const CLAIM_RETRY_MS = 500;
/** A round that failed as a whole is tried again after this, asked for or not. */
const ROUND_RETRY_MS = 500;

/** Brings free slots and lane heads together, one decision after another, until none is left. */
export class PlacementLoop {
  readonly #deps: PlacementLoopDeps;
  /** Tasks on workers with the order they had in their lanes: one that is preempted stands where it stood. */
  readonly #orders = new Map<string, WaitingTask>();
  readonly #round: AskedWork;
  #isPreempting = false;

  constructor(deps: PlacementLoopDeps) {
    this.#deps = deps;
    const { clock, signal, logger } = deps;
    this.#round = new AskedWork(() => this.#placeAll(), {
      ...{ clock, signal, retryMs: ROUND_RETRY_MS },
      onFailed: (error) => logger.error('placement.failed', { error }),
    });
  }

  /** The order that a task on a worker had in its lane; null for one that an earlier process placed. */
  orderOf(taskId: TaskId): WaitingTask | null {
    return this.#orders.get(taskId) ?? null;
  }

  /** The task left its worker. */
  forget(taskId: TaskId): void {
    this.#orders.delete(taskId);
  }

  /** Looks for pairs of free slots and lane heads, once now; calls that come meanwhile cause one more look. */
  place(): void {
    this.#round.ask();
  }

  async #placeAll(): Promise<void> {
    const { board, queue, clock } = this.#deps;
    const heads = await queue.heads(await queue.lanes());
    while (heads.length > 0) {
      const rules = this.#deps.rules();
      const nowMs = clock.monotonicMs();
      const decision = decide(board, heads, rules, nowMs);
      if (decision.kind !== 'start') {
        applyDecision(board, decision, nowMs);
        if (decision.kind === 'preempt') this.#preempt(decision);
        break;
      }
      const { lane } = decision.head;
      const task = await queue.take(lane);
      if (task) this.#start(decision, task, explainStart(board, decision, rules), nowMs);
      const [next] = await queue.heads([lane]);
      const place = heads.findIndex((head) => head.lane === lane);
      heads.splice(place, 1, ...(next ? [next] : []));
      if (!next) decision.lane.recordEmpty();
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
      board.release(workerId, prompt, false);
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

  /** Puts a task back that could not be claimed; it stands where it stood. */
  async #reenter(task: WaitingTask): Promise<void> {
    const { clock, signal, journal, enter } = this.#deps;
    await clock.sleep(CLAIM_RETRY_MS, signal).catch(() => {
      // Closing: SQL has the task.
    });
    const row = await journal.load(task.taskId).catch(() => null);
    if (row) await enter(row, task);
  }

  /** A prompt that only waits on its worker goes back into its lane; its slot is placed again. */
  #preempt({ worker, prompt, head }: Extract<Decision, { kind: 'preempt' }>): void {
    if (this.#isPreempting) return;
    this.#isPreempting = true;
    const workerId = worker.facts.id;
    const { taskId } = prompt;
    this.#setPhase(workerId, taskId, 'leaving');
    void this.#deps.dispatcher
      .preempt(taskId, head.taskId)
      .then((isPreempted) => {
        // It runs by now, or cannot be reached: either way it keeps its slot.
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
