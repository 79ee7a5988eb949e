import { Lane } from '../../../packages/server/dist/flow/queue/lane.js';

/** @typedef {import('../world.mjs').Policy} Policy */
/** @typedef {import('../world.mjs').Act} Act */
/** @typedef {import('../worker-model.mjs').SimWorker} SimWorker */
/** @typedef {import('../demand.mjs').SimTask} SimTask */
/** @typedef {import('@comfleet/contract').PrincipalId} PrincipalId */
/** @typedef {import('@comfleet/contract').TaskId} TaskId */
/**
 * Where and when the first, second, … task of a lane is to start. The order in the lane decides which task that is.
 * @typedef {object} LanePlan
 * @property {Int16Array} home index of the worker, or EAGER or RELUCTANT
 * @property {Float64Array} dueMs the task with the earliest due time starts first
 */
/**
 * Preferences; the rules take precedence.
 * @typedef {object} Plan
 * @property {ReadonlyMap<string, LanePlan>} lanes by the name of the model set
 * @property {number} slots maximum prompts on a worker: 2 plans one prompt ahead, as the product does
 */
/** @typedef {'all' | 'none'} Rules `all`: priority, fair turns and bounded bypass as the product has them; `none`: any lane at any time */
/** @typedef {{ task: SimTask, rank: number, lane: PlannedLane, home: number, dueMs: number }} Option */

/** On the first worker with a free slot. */
export const EAGER = -1;
/** Where the models are loaded, otherwise only on an idle worker. */
export const RELUCTANT = -2;

/** The product's default limits: how often and how long the first task of a lane may be passed over. */
const BYPASS = { starts: 24, ms: 60_000 };
/** How often time limits are checked while there are no events. */
const REVIEW_MS = 5000;
/** Loaded models, and the planned worker, each count as much as a due time this much earlier. Without either a task does not start. */
const HOT_MS = 30_000;
const HOME_MS = 30_000;

/** A lane of the product's queue, the progress of its plan, and how long its first task has been passed over. */
class PlannedLane {
  tasks = new Lane();
  started = 0;
  overtaken = 0;
  /** @type {number | null} */
  passedSinceMs = null;

  /** @param {LanePlan} plan */
  constructor(plan) {
    this.plan = plan;
  }

  /** @param {number} nowMs @param {boolean} isOvertaken */
  passOver(nowMs, isOvertaken) {
    this.passedSinceMs ??= nowMs;
    if (isOvertaken) this.overtaken += 1;
  }

  /** @param {number} nowMs @param {boolean} isHot */
  start(nowMs, isHot) {
    this.tasks.take(nowMs);
    this.started += 1;
    this.passedSinceMs = null;
    if (!isHot || this.tasks.size === 0) this.overtaken = 0;
  }

  /** @param {number} nowMs */
  isOverdue(nowMs) {
    if (this.overtaken >= BYPASS.starts) return true;
    return this.passedSinceMs !== null && nowMs - this.passedSinceMs >= BYPASS.ms;
  }
}

/**
 * Executes a plan as far as the rules allow.
 * @param {Plan} plan @param {Rules} rules @returns {(workers: readonly SimWorker[]) => Policy}
 */
export function followPlan(plan, rules) {
  return (workers) => new PlannedOrder(workers, plan, rules);
}

/** @implements {Policy} */
class PlannedOrder {
  reviewMs = REVIEW_MS;
  #workers;
  #isRuled;
  #slots;
  /** @type {Map<string, PlannedLane>} */
  #lanes;
  /** @type {Map<string, SimTask>} */
  #tasks = new Map();
  /** Tasks of each client on workers. @type {Map<string, number>} */
  #running = new Map();

  /** @param {readonly SimWorker[]} workers @param {Plan} plan @param {Rules} rules */
  constructor(workers, plan, rules) {
    this.#workers = workers;
    this.#isRuled = rules === 'all';
    this.#slots = plan.slots;
    this.#lanes = new Map([...plan.lanes].map(([name, own]) => [name, new PlannedLane(own)]));
  }

  /** @param {SimTask} task @param {number} nowMs */
  arrived(task, nowMs) {
    const { number, model } = task;
    const taskId = /** @type {TaskId} */ (String(number));
    this.#tasks.set(taskId, task);
    const [priority, client] = this.#isRuled ? [task.priority, task.client] : [5, 'everyone'];
    const ownerId = /** @type {PrincipalId} */ (client);
    const order = { taskId, priority, ownerId, projectId: null, acceptedSeq: number };
    this.#lanes.get(model.name)?.tasks.put({ ...order, lane: model.name, workflowKey: model.name }, nowMs);
  }

  started() {}

  /** @param {import('../world.mjs').Run} run */
  ended({ task }) {
    this.#running.set(task.client, (this.#running.get(task.client) ?? 1) - 1);
  }

  /** @param {number} nowMs @returns {Act | null} */
  next(nowMs) {
    for (const [place, worker] of this.#workers.entries()) {
      if (worker.load >= this.#slots) continue;
      const options = this.#listOptions(worker);
      const chosen = this.#choose(options, { worker, place, nowMs });
      for (const { lane } of chosen ? options.slice(0, options.indexOf(chosen)) : options)
        lane.passOver(nowMs, chosen !== null);
      if (!chosen) continue;
      const { task, lane } = chosen;
      lane.start(nowMs, worker.willHave(task.model.name));
      this.#running.set(task.client, (this.#running.get(task.client) ?? 0) + 1);
      return { kind: 'send', task, worker };
    }
    return null;
  }

  /**
   * First tasks of the lanes that this worker can run, only those of the highest rank, in the product's order: the client with
   * the fewest tasks on workers, then age.
   * @param {SimWorker} worker @returns {Option[]}
   */
  #listOptions(worker) {
    /** @type {Option[]} */
    let options = [];
    let rank = 0;
    for (const lane of this.#lanes.values()) {
      const head = lane.tasks.first();
      const task = head && this.#tasks.get(head.taskId);
      if (!head || !task || head.rank < rank || !worker.canRun(task)) continue;
      if (head.rank > rank) options = [];
      rank = head.rank;
      const { plan, started } = lane;
      options.push({ task, rank, lane, home: this.#findHome(lane, task), dueMs: plan.dueMs[started] ?? 0 });
    }
    if (!this.#isRuled || options.length < 2) return options;
    const runs = (/** @type {Option} */ { task }) => this.#running.get(task.client) ?? 0;
    return options.sort((a, b) => runs(a) - runs(b) || a.task.number - b.task.number);
  }

  /** Where the plan puts the next start of a lane; a worker that cannot run it is ignored. @param {PlannedLane} lane @param {SimTask} task */
  #findHome({ plan, started }, task) {
    const home = plan.home[started] ?? EAGER;
    return home < 0 || this.#workers[home]?.canRun(task) ? home : EAGER;
  }

  /**
   * What the plan prefers, among the options up to the first task that has reached its limit of being passed over.
   * @param {readonly Option[]} options @param {{ worker: SimWorker, place: number, nowMs: number }} around @returns {Option | null}
   */
  #choose(options, { worker, place, nowMs }) {
    const bound = this.#isRuled ? options.findIndex(({ lane }) => lane.isOverdue(nowMs)) : -1;
    const allowed = bound < 0 ? options : options.slice(0, bound + 1);
    let best = null;
    let bestMs = Number.POSITIVE_INFINITY;
    for (const option of allowed) {
      const dueMs = rateStart(option, worker, place);
      if (dueMs < bestMs) [best, bestMs] = [option, dueMs];
    }
    if (best) return best;
    const reluctant = worker.load === 0 ? allowed.find(({ home }) => home === RELUCTANT) : undefined;
    return reluctant ?? options[bound] ?? null;
  }
}

/** The due time of this start, earlier with loaded models or on the planned worker; never without either. @param {Option} option @param {SimWorker} worker @param {number} place */
function rateStart({ task, home, dueMs }, worker, place) {
  const isHot = worker.willHave(task.model.name);
  const isHome = home === place || home === EAGER;
  if (!isHot && !isHome) return Number.POSITIVE_INFINITY;
  return dueMs - (isHot ? HOT_MS : 0) - (isHome ? HOME_MS : 0);
}
