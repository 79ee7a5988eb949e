import { describe, expect, test } from 'vitest';
import type { ModelSet, SimTask } from './demand.mjs';
import { computeJain } from './fairness.mjs';
import { measure } from './figures.mjs';
import { EAGER, followPlan } from './offline/planned-order.mjs';
import { searchBestOrder } from './offline/search.mjs';
import { createComfleet } from './policies/comfleet.mjs';
import { createWorkers, listScenarios } from './scenarios.mjs';
import { createRandom } from './seeded-random.mjs';
import { SimWorker } from './worker-model.mjs';
import { type Run, replay } from './world.mjs';

const SMALL: ModelSet = { name: 'small', sizeGb: 8 };
const MEDIUM: ModelSet = { name: 'medium', sizeGb: 12 };
const LARGE: ModelSet = { name: 'large', sizeGb: 20 };

function createTask(number: number, changes: Partial<SimTask> = {}): SimTask {
  return { number, atMs: 0, client: 'one', model: SMALL, runMs: 1000, priority: 5, ...changes };
}

function createWorker(): SimWorker {
  const [spec] = createWorkers(1, [SMALL, MEDIUM, LARGE], { speed: 2, loadGbPerS: 4 });
  if (!spec) throw new Error('no worker');
  return new SimWorker(spec);
}

test('a worker keeps models until it needs their memory; the least recently used go first', () => {
  const worker = createWorker();
  const loads = [SMALL, MEDIUM, SMALL, LARGE, SMALL].map((model, number) => {
    worker.send(createTask(number, { model }));
    const running = worker.begin(number * 100_000);
    worker.finish(Number.POSITIVE_INFINITY);
    return running && [running.loadMs, running.endsMs - running.startMs];
  });

  expect(loads).toEqual([
    [2000, 2500],
    [3000, 3500],
    [0, 500],
    [5000, 5500],
    [2000, 2500],
  ]);
});

describe('fairness', () => {
  const run = (client: string, [startMs, endMs]: [number, number], atMs = 0): Run => ({
    ...{ task: createTask(0, { client, atMs }), worker: createWorker(), startMs, endMs, loadMs: 0 },
  });

  test('is 1 when two clients that want everything share a worker in turns', () => {
    expect(computeJain([run('a', [0, 10]), run('b', [10, 20])], 2)).toBeLessThan(1);
    expect(computeJain([run('a', [0, 10]), run('b', [0, 10])], 2)).toBe(1);
  });

  test('is one half when one of two clients has to wait for the other to end', () => {
    const runs = [run('a', [0, 1000]), run('b', [1000, 1001])];

    expect(computeJain(runs, 1)).toBeCloseTo(0.5, 1);
  });

  test('counts no client for more workers than it has tasks', () => {
    expect(computeJain([run('a', [0, 10]), run('b', [0, 10]), run('b', [0, 10]), run('b', [0, 10])], 4)).toBe(
      1,
    );
  });
});

describe('the offline search', () => {
  const tasks = [
    createTask(0, { runMs: 20_000 }),
    createTask(1, { atMs: 1000 }),
    createTask(2, { atMs: 2000, model: LARGE, priority: 9 }),
  ];
  const scenario = { name: '', about: '', workers: createWorkers(1, [SMALL, LARGE]), tasks };
  const toLane = (count: number) => ({
    home: new Int16Array(count).fill(EAGER),
    dueMs: new Float64Array(count),
  });
  const plan = {
    slots: 1,
    lanes: new Map([
      ['small', toLane(2)],
      ['large', toLane(1)],
    ]),
  };

  test('keeps priority whatever its plan prefers, and only then', async () => {
    const order = async (rules: 'all' | 'none') =>
      (await replay(scenario, followPlan(plan, rules))).runs.map(({ task }) => task.number);

    expect(await order('all')).toEqual([0, 2, 1]);
    expect(await order('none')).toEqual([0, 1, 2]);
  });

  test('never finds a costlier order than the one it starts from, and the same seed finds the same order', async () => {
    const [steady] = listScenarios();
    if (!steady) throw new Error('no scenario');
    const short = { ...steady, tasks: steady.tasks.slice(0, 60) };
    const start = await replay(short, createComfleet({ random: () => 0.5 }));
    const reference = measure(start, short.workers.length);
    const search = (steps: number) =>
      searchBestOrder(short, { rules: 'all', start, reference, steps, random: createRandom(5) });

    const [before, after, again] = [await search(0), await search(200), await search(200)];

    expect(after.cost).toBeLessThan(before.cost);
    expect(again).toEqual(after);
  });
});
