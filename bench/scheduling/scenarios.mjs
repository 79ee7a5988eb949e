import { createBatch, createBursts, createPoisson, listModelSets, numberTasks } from './demand.mjs';
import { createRandom } from './seeded-random.mjs';

/** @typedef {import('./world.mjs').Scenario} Scenario */
/** @typedef {import('./worker-model.mjs').SimWorkerSpec} SimWorkerSpec */
/** @typedef {import('./demand.mjs').ModelSet} ModelSet */

/** Speed of reading models: a fast local disk. */
const LOAD_GB_PER_S = 1;
/** Range of run times on a worker of speed 1. @type {[number, number]} */
const RUN_MS = [4_000, 12_000];

/**
 * Identical workers that have every model on disk.
 * @param {number} count @param {readonly ModelSet[]} models @param {Partial<SimWorkerSpec>} [changes] @returns {SimWorkerSpec[]}
 */
export function createWorkers(count, models, changes = {}) {
  return Array.from({ length: count }, (_value, place) => ({
    name: `worker-${place}`,
    speed: 1,
    memoryGb: 24,
    loadGbPerS: LOAD_GB_PER_S,
    slots: 2,
    models: models.map(({ name }) => name),
    ...changes,
  }));
}

/** @returns {Scenario} */
function createSteady() {
  const models = listModelSets(4);
  const random = createRandom(101);
  const shape = { tasks: 400, meanGapMs: 2600, clients: 6, models, weights: [4, 3, 2, 1], runMs: RUN_MS };
  return {
    name: 'steady',
    about: '400 single tasks of 6 clients at random times, 4 model sets, 4 equal workers about 85 % busy',
    workers: createWorkers(4, models),
    tasks: numberTasks(createPoisson(random, shape)),
  };
}

/** @returns {Scenario} */
function createMixed() {
  const models = listModelSets(6);
  const random = createRandom(202);
  const singles = createPoisson(random, { tasks: 240, meanGapMs: 2500, clients: 8, models, runMs: RUN_MS });
  const bursts = createBursts(random, {
    ...{ bursts: 9, size: [10, 50], meanGapMs: 60_000, clients: 8, models, runMs: RUN_MS },
  });
  return {
    name: 'mixed',
    about: 'bursts of 10 to 50 tasks between single ones, 8 clients, 6 model sets, 8 equal workers',
    workers: createWorkers(8, models),
    tasks: numberTasks([...singles, ...bursts]),
  };
}

/** @returns {Scenario} */
function createBacklog() {
  const models = listModelSets(12);
  const random = createRandom(303);
  const shape = { tasks: 360, meanGapMs: 100, clients: 6, models, runMs: RUN_MS };
  return {
    name: 'backlog',
    about: '360 tasks of 6 clients within half a minute, 12 model sets, 4 equal workers',
    workers: createWorkers(4, models),
    tasks: numberTasks(createPoisson(random, shape)),
  };
}

/** @returns {Scenario} */
function createFewModels() {
  const models = listModelSets(2);
  const random = createRandom(404);
  const shape = { tasks: 300, meanGapMs: 2300, clients: 4, models, runMs: RUN_MS };
  return {
    name: 'two model sets',
    about: '300 single tasks of 4 clients, 2 model sets, 4 equal workers',
    workers: createWorkers(4, models),
    tasks: numberTasks(createPoisson(random, shape)),
  };
}

/** @returns {Scenario} */
function createUnequal() {
  const models = listModelSets(8);
  const random = createRandom(505);
  const small = models.filter(({ sizeGb }) => sizeGb <= 12);
  const workers = [
    ...createWorkers(2, models, { speed: 3, memoryGb: 80, loadGbPerS: 2 }),
    ...createWorkers(2, models, { speed: 1.5, memoryGb: 48 }),
    ...createWorkers(2, models, { memoryGb: 24 }),
    ...createWorkers(2, small, { speed: 0.6, memoryGb: 12, loadGbPerS: 0.5 }),
  ].map((worker, place) => ({ ...worker, name: `worker-${place}` }));
  const singles = createPoisson(random, { tasks: 350, meanGapMs: 1000, clients: 8, models, runMs: RUN_MS });
  const bursts = createBursts(random, {
    ...{ bursts: 5, size: [20, 40], meanGapMs: 60_000, clients: 8, models, runMs: RUN_MS },
  });
  return {
    name: 'unequal GPUs',
    about: 'speeds 3, 1.5, 1 and 0.6, memory 80 to 12 GB, small cards without the large models; 8 model sets',
    workers,
    tasks: numberTasks([...singles, ...bursts]),
  };
}

/** @returns {Scenario} */
function createPriorities() {
  const models = listModelSets(5);
  const random = createRandom(606);
  const priorities = [9, 5, 5, 5, 5, 5, 5, 2];
  const shape = { tasks: 400, meanGapMs: 1700, clients: 6, models, runMs: RUN_MS, priorities };
  return {
    name: 'priorities',
    about:
      '400 tasks of 6 clients, an eighth of high and an eighth of low priority, 5 model sets, 6 equal workers',
    workers: createWorkers(6, models),
    tasks: numberTasks(createPoisson(random, shape)),
  };
}

/** @returns {Scenario} */
function createBatchAndSingles() {
  const models = listModelSets(4);
  const random = createRandom(707);
  const [batchModel, ...others] = models;
  const batch = createBatch(random, {
    client: 'batch',
    tasks: 10_000,
    models: batchModel ? [batchModel] : [],
    runMs: RUN_MS,
  });
  const singles = createPoisson(random, {
    tasks: 1000,
    meanGapMs: 9_000,
    clients: 5,
    models: others,
    runMs: RUN_MS,
  });
  return {
    name: 'batch and singles',
    about:
      'one batch of 10,000 tasks, plus 5 clients with single tasks of 3 other model sets; 8 equal workers',
    workers: createWorkers(8, models),
    tasks: numberTasks([...batch, ...singles]),
  };
}

/** Every scenario; the numbers passed to createRandom are seeds. @returns {Scenario[]} */
export function listScenarios() {
  return [
    createSteady(),
    createMixed(),
    createBacklog(),
    createFewModels(),
    createUnequal(),
    createPriorities(),
    createBatchAndSingles(),
  ];
}
