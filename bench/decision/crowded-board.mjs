import { applyDecision, decide } from '../../packages/server/dist/flow/placement/decide.js';
import { explainStart } from '../../packages/server/dist/flow/placement/explain.js';
import { PlacementBoard } from '../../packages/server/dist/flow/placement/placement-board.js';
import { EmbeddedQueue } from '../../packages/server/dist/flow/queue/embedded-queue.js';

/** @typedef {import('@comfleet/contract').PrincipalId} PrincipalId */
/** @typedef {import('@comfleet/contract').TaskId} TaskId */
/** @typedef {import('@comfleet/contract').WorkerId} WorkerId */
/** @typedef {import('../../packages/server/dist/flow/placement/needs.js').WorkerFacts} WorkerFacts */
/** @typedef {import('../../packages/server/dist/flow/placement/rules.js').PlacementRules} PlacementRules */
/** @typedef {import('../../packages/server/dist/flow/queue/task-queue.js').WaitingTask} WaitingTask */
/** @typedef {import('../scheduling/seeded-random.mjs').SeededRandom} SeededRandom */
/** @typedef {{ workers: number, tasks: number, lanes: number }} Crowd */

const TASK_TYPE = 'text_to_image';
const CLIENTS = 40;
const SLOTS = 2;
/** Number of installations; each serves all lanes but every eighth. */
const KINDS = 8;

/**
 * The product's queue and board, fully loaded: every worker runs a prompt and has another one waiting, and all other tasks
 * wait in their lanes. Places tasks as the engine does.
 */
export class CrowdedBoard {
  nowMs = 0;
  #board = new PlacementBoard();
  #queue = new EmbeddedQueue({ now: () => this.nowMs, agingMs: () => 600_000 });
  #random;
  #lanes;
  #tasks = 0;
  /** Prompts preempted since the slots were last filled. */
  #preempted = 0;
  /** Tasks on workers with the order they had in their lanes. @type {Map<string, WaitingTask>} */
  #orders = new Map();
  /** @type {PlacementRules} */
  #rules;

  /** @param {Crowd} crowd @param {SeededRandom} random */
  constructor({ workers, lanes }, random) {
    this.#random = random;
    this.#lanes = lanes;
    this.#rules = {
      strategy: 'least_loaded',
      bypass: { starts: 24, ms: 60_000 },
      typeLimit: () => null,
      running: { ofOwner: () => null, ofProject: () => null },
      durations: { expectedMs: () => 8000, expectedLoadMs: () => 12_000 },
      laneSize: (lane) => this.#queue.count(lane),
      random: random.next,
    };
    const kinds = Array.from({ length: KINDS }, (_value, kind) => createKind(kind, lanes));
    for (let number = 0; number < workers; number += 1) {
      const kind = kinds[number % KINDS];
      const id = /** @type {WorkerId} */ (`worker-${number}`);
      if (kind) this.#board.setWorker({ ...kind, id, name: id });
    }
  }

  get waiting() {
    return this.#queue.size();
  }

  /** Adds a task and places it. Returns what was started. */
  async addTask() {
    await this.put();
    return this.place();
  }

  /** Adds one more task to its lane. */
  async put() {
    const number = this.#tasks;
    this.#tasks += 1;
    const lane = `lane-${this.#random.index(this.#lanes)}`;
    this.#board.openLane(lane, () => ({
      taskType: TASK_TYPE,
      classTypes: ['KSampler'],
      models: [{ folder: 'checkpoints', name: lane }],
      excludedWorkers: [],
    }));
    await this.#queue.put({
      taskId: /** @type {TaskId} */ (`task-${number}`),
      lane,
      priority: this.#random.index(10) === 0 ? 7 : 5,
      acceptedSeq: number,
      ownerId: /** @type {PrincipalId} */ (`client-${this.#random.index(CLIENTS)}`),
      projectId: null,
      workflowKey: lane,
    });
  }

  /** Ends the running prompt of a random worker, starts its next one, and fills the free slot. Returns what was started. */
  async freeSlot() {
    const id = /** @type {WorkerId} */ (`worker-${this.#random.index(this.#board.workers.size)}`);
    const [done, next] = this.#board.workers.get(id)?.prompts.values() ?? [];
    if (!done) throw new Error(`${id} has nothing to do`);
    this.#board.release(id, done);
    this.#orders.delete(done.taskId);
    if (next) this.#board.setPhase(id, next.taskId, 'running', this.nowMs);
    return this.place();
  }

  /** Fills slots that were freed in between; not part of a measured decision. */
  async settle() {
    while (this.#preempted > 0) {
      this.#preempted = 0;
      await this.place();
    }
  }

  /** Places tasks as the placement loop does. */
  async place() {
    let started = 0;
    const heads = await this.#queue.heads(await this.#queue.lanes());
    while (heads.length > 0) {
      const decision = decide(this.#board, heads, this.#rules, this.nowMs);
      if (decision.kind !== 'start') {
        applyDecision(this.#board, decision, this.nowMs);
        if (decision.kind === 'preempt') await this.#preempt(decision);
        break;
      }
      const { lane } = decision.head;
      const task = await this.#queue.take(lane);
      if (task) this.#start(decision, task);
      started += 1;
      const [next] = await this.#queue.heads([lane]);
      const place = heads.findIndex((head) => head.lane === lane);
      heads.splice(place, 1, ...(next ? [next] : []));
      if (!next) decision.lane.recordEmpty();
    }
    return started;
  }

  /** @param {Extract<import('../../packages/server/dist/flow/placement/decide.js').Decision, { kind: 'start' }>} decision @param {WaitingTask} order */
  #start(decision, order) {
    const { taskId, ownerId, workflowKey, rank, acceptedSeq } = order;
    const { lane, worker } = decision;
    explainStart(this.#board, decision, this.#rules);
    applyDecision(this.#board, decision, this.nowMs);
    this.#orders.set(taskId, order);
    const prompt = {
      taskId,
      ownerId,
      workflowKey,
      rank,
      acceptedSeq,
      lane: lane.key,
      modelsKey: lane.modelsKey,
    };
    const isFirst = worker.load === 0;
    this.#board.occupy(worker.facts.id, {
      ...prompt,
      taskType: TASK_TYPE,
      projectId: null,
      phase: 'sending',
      startedMs: null,
    });
    this.#board.setPhase(worker.facts.id, taskId, isFirst ? 'running' : 'waiting', this.nowMs);
  }

  /** Returns the prompt to its old position in its lane. @param {Extract<import('../../packages/server/dist/flow/placement/decide.js').Decision, { kind: 'preempt' }>} decision */
  async #preempt({ worker, prompt }) {
    this.#board.release(worker.facts.id, prompt);
    const order = this.#orders.get(prompt.taskId);
    if (order) await this.#queue.put(order);
    this.#preempted += 1;
  }
}

/** @param {number} kind @param {number} lanes @returns {WorkerFacts} */
function createKind(kind, lanes) {
  const all = Array.from({ length: lanes }, (_value, lane) => `lane-${lane}`);
  const models = all.filter((_name, lane) => lane % KINDS !== kind);
  return {
    ...{ id: /** @type {WorkerId} */ (''), name: '', state: 'online', simulated: false, group: 'primary' },
    ...{ weight: 1, priority: 5, slots: SLOTS, capabilities: [], labels: [], maxUploadBytes: null },
    classTypes: new Set(['KSampler', 'SaveImage']),
    models: new Map([['checkpoints', new Set(models)]]),
    vramBytes: 24e9,
  };
}
