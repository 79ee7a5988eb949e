import { describe, expect, test } from 'vitest';
import { comparePolicies, replayComfleet } from './compare.mjs';
import { createBatch, createPoisson, listModelSets, numberTasks } from './demand.mjs';
import { measure, toWaitMs } from './figures.mjs';
import { createComfleet } from './policies/comfleet.mjs';
import { createWorkers, listScenarios } from './scenarios.mjs';
import { createRandom } from './seeded-random.mjs';
import { type Run, replay } from './world.mjs';

/* The product's queue and placement in virtual time. Everything is seeded, so failures are reproducible. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const comfleet = createComfleet({ random: () => 0.5 });

function findScenario(name: string) {
  const found = listScenarios().find((scenario) => scenario.name === name);
  if (!found) throw new Error(`no scenario is called ${name}`);
  return found;
}

/** Worker time that a client received between two moments. */
function sumWorkMs(runs: readonly Run[], client: string, [fromMs, untilMs]: [number, number]): number {
  return runs
    .filter(({ task }) => task.client === client)
    .reduce((sum, { startMs, endMs }) => {
      return sum + Math.max(0, Math.min(endMs, untilMs) - Math.max(startMs, fromMs));
    }, 0);
}

describe('fair turns', () => {
  test.each([
    { what: 'the same models', model: 0 },
    { what: 'other models', model: 1 },
  ])(
    'TQ19 a client that keeps two tasks outstanding next to a batch of 10,000 gets half of two workers, with $what',
    async ({ model }) => {
      const models = listModelSets(2);
      const [batchModel] = models;
      const steadyModel = models[model];
      if (!batchModel || !steadyModel) throw new Error('no such model');
      const random = createRandom(11);
      const batch = createBatch(random, {
        client: 'batch',
        tasks: 10_000,
        models: [batchModel],
        runMs: [4000, 6000],
      });
      const steady = { client: 'steady', model: steadyModel, runMs: 5000, priority: 5 };
      const tasks = numberTasks([...batch, { ...steady, atMs: MINUTE_MS }, { ...steady, atMs: MINUTE_MS }]);
      const scenario = { name: '', about: '', workers: createWorkers(2, models), tasks };

      const answer = ({ task }: Run) => (task.client === 'steady' ? steady : null);
      const { runs } = await replay(scenario, comfleet, { answer, untilMs: 2 * HOUR_MS });

      const share = sumWorkMs(runs, 'steady', [HOUR_MS, 2 * HOUR_MS]) / (2 * HOUR_MS);
      expect(share).toBeGreaterThan(0.45);
      expect(share).toBeLessThan(0.55);
    },
  );

  test('TQ19 a single task whose models are loaded waits at most for the running and the prefetched ones', async () => {
    const models = listModelSets(1);
    const random = createRandom(12);
    const batch = createBatch(random, { client: 'batch', tasks: 2000, models, runMs: [3000, 6000] });
    const shape = {
      tasks: 60,
      meanGapMs: 40_000,
      clients: 20,
      models,
      runMs: [3000, 6000] as [number, number],
    };
    const singles = createPoisson(random, shape).map((task) => ({ ...task, atMs: task.atMs + MINUTE_MS }));
    const scenario = {
      name: '',
      about: '',
      workers: createWorkers(3, models),
      tasks: numberTasks([...batch, ...singles]),
    };

    const { runs } = await replay(scenario, comfleet);

    const waits = runs.filter(({ task }) => task.client !== 'batch').map(toWaitMs);
    expect(waits).toHaveLength(60);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * 6000);
  });

  test('TQ19 where batches of several models fill the workers, a single task waits for no more runs, but they may load models first', async () => {
    const models = listModelSets(3);
    const random = createRandom(12);
    const batches = models.map((model, place) =>
      createBatch(random, { client: `batch ${place}`, tasks: 1500, models: [model], runMs: [3000, 6000] }),
    );
    const shape = {
      tasks: 60,
      meanGapMs: 40_000,
      clients: 20,
      models,
      runMs: [3000, 6000] as [number, number],
    };
    const singles = createPoisson(random, shape).map((task) => ({
      ...task,
      atMs: task.atMs + 5 * MINUTE_MS,
    }));
    const tasks = numberTasks([...batches.flat(), ...singles]);

    const { runs } = await replay(
      { name: '', about: '', workers: createWorkers(6, models), tasks },
      comfleet,
    );

    const waits = runs.filter(({ task }) => task.client.startsWith('client')).map(toWaitMs);
    const longestRunMs = Math.max(...runs.map(({ startMs, endMs }) => endMs - startMs));
    expect(waits).toHaveLength(60);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * longestRunMs);
  });

  test('TQ3 a task of the lowest priority still runs under an endless stream of urgent ones', async () => {
    const models = listModelSets(1);
    const random = createRandom(13);
    const stream = createPoisson(random, {
      ...{ tasks: 4000, meanGapMs: 2000, clients: 3, models, runMs: [4000, 6000] as [number, number] },
      priorities: [9],
    });
    const [model] = models;
    if (!model) throw new Error('no such model');
    const low = { client: 'patient', model, runMs: 5000, priority: 1, atMs: 0 };
    const scenario = {
      name: '',
      about: '',
      workers: createWorkers(2, models),
      tasks: numberTasks([...stream, low]),
    };

    const { runs } = await replay(scenario, comfleet, { untilMs: 2 * HOUR_MS });

    const run = runs.find(({ task }) => task.client === 'patient');
    // Priority grows by one every ten minutes: from 1 it reaches 9 after 80.
    expect(run && toWaitMs(run)).toBeLessThan(90 * MINUTE_MS);
    expect(runs.filter(({ task }) => task.client !== 'patient').length).toBeGreaterThan(1000);
  });
});

describe('compared to other policies', () => {
  test.each(['mixed', 'steady', 'backlog', 'priorities', 'unequal GPUs'])(
    'less than half the model switches of least queue, sooner done and with shorter waits: %s',
    async (name) => {
      const scenario = findScenario(name);
      const leastQueue = (await comparePolicies(scenario)).find((row) => row.name === 'least queue');
      const own = measure(await replayComfleet(scenario), scenario.workers.length);

      expect(leastQueue?.figures.switches).toBeGreaterThanOrEqual(2 * own.switches);
      expect(leastQueue?.figures.makespanS).toBeGreaterThan(own.makespanS);
      expect(leastQueue?.figures.meanWaitS).toBeGreaterThan(own.meanWaitS);
    },
  );

  test('the same seed gives the same figures', async () => {
    const scenario = findScenario('mixed');
    const workers = scenario.workers.length;

    expect(measure(await replayComfleet(scenario), workers)).toEqual(
      measure(await replayComfleet(findScenario('mixed')), workers),
    );
  });
});
