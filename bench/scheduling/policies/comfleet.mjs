import { RunDurations } from '../../../packages/server/dist/flow/estimates/run-durations.js';
import { applyDecision, decide } from '../../../packages/server/dist/flow/placement/decide.js';
import { PlacementBoard } from '../../../packages/server/dist/flow/placement/placement-board.js';
import { EmbeddedQueue } from '../../../packages/server/dist/flow/queue/embedded-queue.js';

/** @typedef {import('../world.mjs').Policy} Policy */
/** @typedef {import('../world.mjs').Act} Act */
/** @typedef {import('../worker-model.mjs').SimWorker} SimWorker */
/** @typedef {import('../demand.mjs').SimTask} SimTask */
/** @typedef {import('@comfleet/contract').PrincipalId} PrincipalId */
/** @typedef {import('@comfleet/contract').TaskId} TaskId */
/** @typedef {import('@comfleet/contract').WorkerId} WorkerId */
/** @typedef {import('../../../packages/server/dist/flow/placement/needs.js').Needs} Needs */
/** @typedef {import('../../../packages/server/dist/flow/placement/needs.js').WorkerFacts} WorkerFacts */
/** @typedef {import('../../../packages/server/dist/flow/placement/rules.js').PlacementRules} PlacementRules */
/** @typedef {import('../../../packages/server/dist/flow/queue/task-queue.js').WaitingTask} WaitingTask */

const TASK_TYPE = 'text_to_image';
/** The product's own defaults. */
const BYPASS = { starts: 24, ms: 60_000 };
const AGING_MS = 600_000;
const REVIEW_MS = 1000;
const AGING_EVERY_MS = 10_000;

/**
 * The product's queue and placement, driven as the engine drives them.
 * @param {{ random: () => number, strategy?: PlacementRules['strategy'] }} options
 * @returns {(workers: readonly SimWorker[]) => Policy}
 */
export function createComfleet({ random, strategy = 'least_loaded' }) {
  return (workers) => new Comfleet(workers, { strategy, random });
}

/** @implements {Policy} */
class Comfleet {
  reviewMs = REVIEW_MS;
  #board = new PlacementBoard();
  #nowMs = 0;
  #agedMs = 0;
  #queue = new EmbeddedQueue({ now: () => this.#nowMs, agingMs: () => AGING_MS });
  #durations = new RunDurations();
  /** Models of the latest run on each worker. @type {Map<string, string>} */
  #lastRun = new Map();
  /** @type {Map<string, SimTask>} */
  #tasks = new Map();
  /** Tasks on workers with the order they had in their lanes. @type {Map<string, WaitingTask>} */
  #orders = new Map();
  #options;
  /** @type {ReadonlyMap<string, SimWorker>} */
  #workers;

  /** @param {readonly SimWorker[]} workers @param {{ strategy: PlacementRules['strategy'], random: () => number }} options */
  constructor(workers, options) {
    this.#options = options;
    this.#workers = new Map(workers.map((worker) => [worker.spec.name, worker]));
    for (const worker of workers) this.#board.setWorker(toFacts(worker));
  }

  /** @param {SimTask} task @param {number} nowMs */
  async arrived(task, nowMs) {
    this.#nowMs = nowMs;
    const taskId = toTaskId(task);
    this.#tasks.set(taskId, task);
    const { name } = task.model;
    this.#board.openLane(name, () => toNeeds(task));
    await this.#queue.put({
      taskId,
      lane: name,
      priority: task.priority,
      acceptedSeq: task.number,
      ownerId: toOwnerId(task),
      projectId: null,
      workflowKey: toWorkflowKey(task),
    });
  }

  /** @param {import('../world.mjs').Run} run */
  started({ task, worker, startMs }) {
    this.#board.setPhase(toWorkerId(worker), toTaskId(task), 'running', startMs);
  }

  /** @param {import('../world.mjs').Run} run */
  ended(run) {
    const { task, worker } = run;
    const prompt = { taskId: toTaskId(task), ownerId: toOwnerId(task), projectId: null, taskType: TASK_TYPE };
    this.#board.release(toWorkerId(worker), prompt);
    this.#orders.delete(prompt.taskId);
    this.#learn(run);
  }

  /** Learns run times as the control plane does: from outside, a run is cold when the one before it used other models. @param {import('../world.mjs').Run} run */
  #learn({ task, worker, startMs, endMs }) {
    const workerId = toWorkerId(worker);
    const warm = this.#lastRun.get(workerId) === task.model.name;
    this.#lastRun.set(workerId, task.model.name);
    this.#durations.learn({ key: toWorkflowKey(task), workerId, durationMs: endMs - startMs, warm });
  }

  /** @param {SimTask} task */
  async returned(task) {
    const order = this.#orders.get(toTaskId(task));
    if (order) await this.#queue.put(order);
  }

  /** @param {number} nowMs @returns {Promise<Act | null>} */
  async next(nowMs) {
    this.#nowMs = nowMs;
    if (nowMs - this.#agedMs >= AGING_EVERY_MS) {
      this.#agedMs = nowMs;
      await this.#queue.age();
    }
    const heads = await this.#queue.heads(await this.#queue.lanes());
    const decision = decide(this.#board, heads, this.#rules(), nowMs);
    applyDecision(this.#board, decision, nowMs);
    if (decision.kind === 'none') return null;
    const worker = this.#findWorker(decision.worker.facts.name);
    if (decision.kind === 'preempt') {
      const task = this.#findTask(decision.prompt.taskId);
      this.#board.release(toWorkerId(worker), decision.prompt);
      return { kind: 'preempt', task, worker };
    }
    return { kind: 'send', task: await this.#take(decision), worker };
  }

  /** @param {Extract<import('../../../packages/server/dist/flow/placement/decide.js').Decision, { kind: 'start' }>} decision */
  async #take({ lane, worker }) {
    const order = await this.#queue.take(lane.key);
    if (!order) throw new Error('a lane lost its head');
    const { taskId, ownerId, rank, acceptedSeq, workflowKey } = order;
    this.#orders.set(taskId, order);
    const own = {
      taskId,
      ownerId,
      projectId: null,
      rank,
      acceptedSeq,
      workflowKey,
      lane: lane.key,
      modelsKey: lane.modelsKey,
    };
    this.#board.occupy(worker.facts.id, { ...own, taskType: TASK_TYPE, phase: 'sending', startedMs: null });
    this.#board.setPhase(worker.facts.id, taskId, 'waiting', this.#nowMs);
    if (this.#queue.count(lane.key) === 0) lane.recordEmpty();
    return this.#findTask(taskId);
  }

  /** @returns {PlacementRules} */
  #rules() {
    const { strategy, random } = this.#options;
    const laneSize = (/** @type {string} */ lane) => this.#queue.count(lane);
    const limits = { typeLimit: () => null, running: { ofOwner: () => null, ofProject: () => null } };
    return { strategy, bypass: BYPASS, ...limits, durations: this.#durations, laneSize, random };
  }

  /** @param {string} taskId */
  #findTask(taskId) {
    const task = this.#tasks.get(taskId);
    if (!task) throw new Error(`task ${taskId} is not known`);
    return task;
  }

  /** @param {string} name */
  #findWorker(name) {
    const worker = this.#workers.get(name);
    if (!worker) throw new Error(`worker ${name} is not known`);
    return worker;
  }
}

/** @param {SimTask} task */
function toTaskId({ number }) {
  return /** @type {TaskId} */ (String(number));
}

/** @param {SimTask} task */
function toOwnerId({ client }) {
  return /** @type {PrincipalId} */ (client);
}

/** @param {SimWorker} worker */
function toWorkerId({ spec }) {
  return /** @type {WorkerId} */ (spec.name);
}

/** One workflow for each model set. @param {SimTask} task */
function toWorkflowKey({ model }) {
  return `${model.name}|${model.name}|${TASK_TYPE}`;
}

/** @param {SimTask} task @returns {Needs} */
function toNeeds({ model }) {
  const models = [{ folder: 'checkpoints', name: model.name }];
  return { taskType: TASK_TYPE, classTypes: ['KSampler'], models, excludedWorkers: [] };
}

/** @param {SimWorker} worker @returns {WorkerFacts} */
function toFacts(worker) {
  const { name, slots, models, memoryGb } = worker.spec;
  return {
    ...{ id: toWorkerId(worker), name, slots, state: 'online', simulated: false, group: 'primary' },
    ...{ weight: 1, priority: 5, capabilities: [], labels: [], maxUploadBytes: null },
    classTypes: new Set(['KSampler']),
    models: new Map([['checkpoints', new Set(models)]]),
    vramBytes: memoryGb * 1e9,
  };
}
