/**
 * @typedef {object} SimTask
 * @property {number} number from 0, in order of arrival
 * @property {number} atMs when it arrives
 * @property {string} client
 * @property {ModelSet} model the models it needs; also its lane
 * @property {number} runMs on a worker of speed 1 with its models loaded
 * @property {number} priority 1 … 10
 */
/** @typedef {{ name: string, sizeGb: number }} ModelSet */
/** @typedef {import('./seeded-random.mjs').SeededRandom} SeededRandom */
/** @typedef {Omit<SimTask, 'number'>} Arrival */

/** Typical sets of models with their memory use. @param {number} count @returns {ModelSet[]} */
export function listModelSets(count) {
  const sizes = [7, 12, 17, 23, 9, 14];
  return Array.from({ length: count }, (_value, place) => ({
    name: `set-${place}`,
    sizeGb: sizes[place % sizes.length] ?? 7,
  }));
}

/** Sorts by arrival and numbers the tasks. @param {readonly Arrival[]} arrivals @returns {SimTask[]} */
export function numberTasks(arrivals) {
  return [...arrivals].sort((a, b) => a.atMs - b.atMs).map((arrival, number) => ({ ...arrival, number }));
}

/**
 * Single tasks of several clients at random times, with models drawn by weight.
 * @param {SeededRandom} random
 * @param {{ tasks: number, meanGapMs: number, clients: number, models: readonly ModelSet[], weights?: readonly number[], runMs: [number, number], priorities?: readonly number[] }} shape
 * @returns {Arrival[]}
 */
export function createPoisson(
  random,
  { tasks, meanGapMs, clients, models, weights, runMs, priorities = [5] },
) {
  let atMs = 0;
  return Array.from({ length: tasks }, () => {
    atMs += random.exponential(meanGapMs);
    return {
      atMs,
      client: `client-${random.index(clients)}`,
      model: random.pick(models, weights),
      runMs: random.between(...runMs),
      priority: random.pick(priorities),
    };
  });
}

/**
 * Bursts: a client sends many tasks at once, each burst mostly of one model set.
 * @param {SeededRandom} random
 * @param {{ bursts: number, size: [number, number], meanGapMs: number, clients: number, models: readonly ModelSet[], runMs: [number, number], priorities?: readonly number[] }} shape
 * @returns {Arrival[]}
 */
export function createBursts(random, { bursts, size, meanGapMs, clients, models, runMs, priorities = [5] }) {
  let atMs = 0;
  return Array.from({ length: bursts }, () => {
    atMs += random.exponential(meanGapMs);
    const burstAtMs = atMs;
    const client = `client-${random.index(clients)}`;
    const main = random.pick(models);
    const priority = random.pick(priorities);
    return Array.from({ length: Math.round(random.between(...size)) }, () => ({
      atMs: burstAtMs,
      client,
      model: random.next() < 0.8 ? main : random.pick(models),
      runMs: random.between(...runMs),
      priority,
    }));
  }).flat();
}

/**
 * A batch of one client, submitted all at once.
 * @param {SeededRandom} random
 * @param {{ client: string, tasks: number, models: readonly ModelSet[], runMs: [number, number], atMs?: number, priority?: number }} shape
 * @returns {Arrival[]}
 */
export function createBatch(random, { client, tasks, models, runMs, atMs = 0, priority = 5 }) {
  return Array.from({ length: tasks }, (_value, place) => ({
    atMs,
    client,
    model: models[Math.floor((place * models.length) / tasks)] ?? random.pick(models),
    runMs: random.between(...runMs),
    priority,
  }));
}
