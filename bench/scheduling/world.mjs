import { SimWorker } from './worker-model.mjs';

/** @typedef {import('./demand.mjs').SimTask} SimTask */
/** @typedef {import('./worker-model.mjs').SimWorkerSpec} SimWorkerSpec */
/** @typedef {{ name: string, about: string, workers: readonly SimWorkerSpec[], tasks: readonly SimTask[] }} Scenario */
/**
 * @typedef {object} ReplayOptions
 * @property {(run: Run) => Omit<SimTask, 'number' | 'atMs'> | null} [answer] the next task its client sends as soon as a run has ended
 * @property {number} [untilMs] when to stop, even if tasks wait
 */
/** @typedef {{ kind: 'send', task: SimTask, worker: SimWorker } | { kind: 'preempt', task: SimTask, worker: SimWorker }} Act */
/**
 * Decides where tasks run. It is notified of every event, in order, and asked for its next action until it has none for
 * this moment.
 * @typedef {object} Policy
 * @property {(task: SimTask, nowMs: number) => void | Promise<void>} arrived
 * @property {(run: Run) => void | Promise<void>} started
 * @property {(run: Run) => void | Promise<void>} ended
 * @property {(nowMs: number) => Act | null | Promise<Act | null>} next
 * @property {(task: SimTask, nowMs: number) => void | Promise<void>} [returned] the task was preempted
 * @property {number} [reviewMs] how often `next` is called while tasks wait
 */
/** @typedef {{ task: SimTask, worker: SimWorker, startMs: number, endMs: number, loadMs: number }} Run one complete run of a task; `endMs` is known when it starts */
/** @typedef {{ runs: readonly Run[], preempted: number }} History */

/** Maximum actions per task at one moment; more mean an endless loop. */
const MAX_ACTS = 20;
/** A policy that leaves an idle fleet idle for this long has lost a task. */
const PATIENCE_MS = 600_000;

/**
 * Replays a scenario on virtual time: arrivals and ends in order, and after each the policy's acts.
 * @param {Scenario} scenario @param {(workers: readonly SimWorker[]) => Policy} createPolicy @param {ReplayOptions} [options] @returns {Promise<History>}
 */
export async function replay({ workers: specs, tasks: given }, createPolicy, { answer, untilMs } = {}) {
  const tasks = [...given];
  const workers = specs.map((spec) => new SimWorker(spec));
  const policy = createPolicy(workers);
  /** @type {Run[]} */
  const runs = [];
  let preempted = 0;
  let arrived = 0;
  let nowMs = 0;
  let idleMs = 0;
  while (runs.length < tasks.length) {
    const eventMs = findEventMs(workers, tasks[arrived]);
    if (eventMs === Number.POSITIVE_INFINITY) idleMs += policy.reviewMs ?? eventMs;
    if (idleMs > PATIENCE_MS) throw new Error('tasks wait, everything is idle and nothing will ever happen');
    nowMs = Math.min(eventMs, nowMs + (policy.reviewMs ?? Number.POSITIVE_INFINITY));
    if (untilMs !== undefined && nowMs > untilMs) break;
    await finishDue();
    for (let task = tasks[arrived]; task && task.atMs <= nowMs; task = tasks[arrived]) {
      arrived += 1;
      await policy.arrived(task, nowMs);
    }
    await act();
  }
  return { runs, preempted };

  async function finishDue() {
    for (const worker of workers) {
      const done = worker.finish(nowMs);
      if (!done) continue;
      const run = toRun(done, worker);
      runs.push(run);
      await policy.ended(run);
      const next = answer?.(run);
      if (next) tasks.splice(arrived, 0, { ...next, atMs: nowMs, number: tasks.length });
      await begin(worker, nowMs);
    }
  }

  async function act() {
    let acts = 0;
    for (let next = await policy.next(nowMs); next; next = await policy.next(nowMs)) {
      acts += 1;
      if (acts > MAX_ACTS * tasks.length) throw new Error(`it goes round in circles at ${nowMs} ms`);
      await perform(next);
    }
  }

  /** @param {Act} act */
  async function perform({ kind, task, worker }) {
    if (kind === 'send') {
      worker.send(task);
      return begin(worker, nowMs);
    }
    if (!worker.preempt(task)) throw new Error('a prompt that runs was preempted');
    preempted += 1;
    await policy.returned?.(task, nowMs);
  }

  /** @param {SimWorker} worker @param {number} atMs */
  async function begin(worker, atMs) {
    const running = worker.begin(atMs);
    if (running) await policy.started(toRun(running, worker));
  }
}

/** The time of the next arrival or end. @param {readonly SimWorker[]} workers @param {SimTask | undefined} nextTask */
function findEventMs(workers, nextTask) {
  let nextMs = nextTask?.atMs ?? Number.POSITIVE_INFINITY;
  for (const { running } of workers) if (running && running.endsMs < nextMs) nextMs = running.endsMs;
  return nextMs;
}

/** @param {import('./worker-model.mjs').Running} running @param {SimWorker} worker @returns {Run} */
function toRun({ task, startMs, endsMs, loadMs }, worker) {
  return { task, worker, startMs, endMs: endsMs, loadMs };
}
