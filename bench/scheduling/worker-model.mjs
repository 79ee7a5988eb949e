/**
 * @typedef {object} SimWorkerSpec
 * @property {string} name
 * @property {number} speed run times are divided by this
 * @property {number} memoryGb for models
 * @property {number} loadGbPerS how fast models are read
 * @property {number} slots maximum prompts: one runs, the others wait in its own queue
 * @property {readonly string[]} models names of the model sets it has on disk
 */
/** @typedef {import('./demand.mjs').SimTask} SimTask */
/** @typedef {{ task: SimTask, startMs: number, endsMs: number, loadMs: number }} Running */

/**
 * A ComfyUI server: it runs prompts one at a time, in the order they were sent. Models stay loaded until others need the
 * memory; the least recently used are unloaded first.
 */
export class SimWorker {
  /** @type {SimTask[]} */
  #sent = [];
  /** @type {Running | null} */
  #running = null;
  /** Loaded model sets, the least recently used first. @type {import('./demand.mjs').ModelSet[]} */
  #loaded = [];
  loads = 0;

  /** @param {SimWorkerSpec} spec */
  constructor(spec) {
    this.spec = spec;
  }

  get running() {
    return this.#running;
  }

  /** Number of prompts, including the running one. */
  get load() {
    return this.#sent.length + (this.#running ? 1 : 0);
  }

  /** Prompts waiting in its own queue, in order. @returns {readonly SimTask[]} */
  get waiting() {
    return this.#sent;
  }

  /** @param {SimTask} task */
  canRun(task) {
    return this.spec.models.includes(task.model.name) && task.model.sizeGb <= this.spec.memoryGb;
  }

  /** @param {string} modelName */
  hasLoaded(modelName) {
    return this.#loaded.some(({ name }) => name === modelName);
  }

  /** Whether these models will be loaded after everything it was sent has run. @param {string} modelName */
  willHave(modelName) {
    const last = this.#sent.at(-1);
    return last ? last.model.name === modelName : this.hasLoaded(modelName);
  }

  /** @param {SimTask} task */
  send(task) {
    this.#sent.push(task);
  }

  /** Preempts a waiting prompt; false if it already runs. @param {SimTask} task */
  preempt(task) {
    const place = this.#sent.indexOf(task);
    if (place < 0) return false;
    this.#sent.splice(place, 1);
    return true;
  }

  /** Starts the next prompt if none runs; returns it. @param {number} nowMs @returns {Running | null} */
  begin(nowMs) {
    if (this.#running) return null;
    const task = this.#sent.shift();
    if (!task) return null;
    const loadMs = this.#use(task.model);
    this.#running = { task, startMs: nowMs, loadMs, endsMs: nowMs + loadMs + this.runMs(task) };
    return this.#running;
  }

  /** Ends the running prompt if it is due; returns it. @param {number} nowMs @returns {Running | null} */
  finish(nowMs) {
    const done = this.#running;
    if (!done || done.endsMs > nowMs) return null;
    this.#running = null;
    return done;
  }

  /** @param {SimTask} task */
  runMs(task) {
    return task.runMs / this.spec.speed;
  }

  /** @param {import('./demand.mjs').ModelSet} model */
  loadMs(model) {
    return (model.sizeGb / this.spec.loadGbPerS) * 1000;
  }

  /** Marks these models as the most recently used; returns how long loading takes, 0 if they are loaded. @param {import('./demand.mjs').ModelSet} model */
  #use(model) {
    const isLoaded = this.hasLoaded(model.name);
    this.#loaded = this.#loaded.filter(({ name }) => name !== model.name);
    let usedGb = this.#loaded.reduce((sum, { sizeGb }) => sum + sizeGb, 0);
    while (usedGb + model.sizeGb > this.spec.memoryGb) usedGb -= this.#loaded.shift()?.sizeGb ?? usedGb;
    this.#loaded.push(model);
    if (isLoaded) return 0;
    this.loads += 1;
    return this.loadMs(model);
  }
}
