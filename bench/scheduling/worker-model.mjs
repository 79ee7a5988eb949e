/**
 * @typedef {object} SimWorkerSpec
 * @property {string} name
 * @property {number} speed runs take their time divided by this
 * @property {number} memoryGb for models
 * @property {number} loadGbPerS how fast models are read
 * @property {number} slots prompts it may have: one runs, the others wait in its own queue
 * @property {readonly string[]} models names of the model sets it has on disk
 */
/** @typedef {import('./demand.mjs').SimTask} SimTask */
/** @typedef {{ task: SimTask, startMs: number, endsMs: number, loadMs: number }} Running */

/**
 * One ComfyUI server: it runs what it was sent in that order, one prompt at a time. Models stay loaded until the memory is
 * needed for others, the longest unused go first.
 */
export class SimWorker {
  /** @type {SimTask[]} */
  #sent = [];
  /** @type {Running | null} */
  #running = null;
  /** Loaded model sets, the longest unused first. @type {import('./demand.mjs').ModelSet[]} */
  #loaded = [];
  loads = 0;

  /** @param {SimWorkerSpec} spec */
  constructor(spec) {
    this.spec = spec;
  }

  get running() {
    return this.#running;
  }

  /** Prompts it has, the running one included. */
  get load() {
    return this.#sent.length + (this.#running ? 1 : 0);
  }

  /** Prompts that wait in its own queue, first to last. @returns {readonly SimTask[]} */
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

  /** Whether these models will be loaded once it has done what it was sent. @param {string} modelName */
  willHave(modelName) {
    const last = this.#sent.at(-1);
    return last ? last.model.name === modelName : this.hasLoaded(modelName);
  }

  /** @param {SimTask} task */
  send(task) {
    this.#sent.push(task);
  }

  /** Preempts a prompt that does not run yet; false when it does. @param {SimTask} task */
  preempt(task) {
    const place = this.#sent.indexOf(task);
    if (place < 0) return false;
    this.#sent.splice(place, 1);
    return true;
  }

  /** Begins with the next prompt when nothing runs; returns what it began. @param {number} nowMs @returns {Running | null} */
  begin(nowMs) {
    if (this.#running) return null;
    const task = this.#sent.shift();
    if (!task) return null;
    const loadMs = this.#use(task.model);
    this.#running = { task, startMs: nowMs, loadMs, endsMs: nowMs + loadMs + this.runMs(task) };
    return this.#running;
  }

  /** Ends what is due by now; returns it. @param {number} nowMs @returns {Running | null} */
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

  /** Makes these models the last used; returns how long loading takes, 0 when they are loaded. @param {import('./demand.mjs').ModelSet} model */
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
