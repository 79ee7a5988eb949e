import { EAGER, RELUCTANT } from './planned-order.mjs';

/** @typedef {import('./planned-order.mjs').Plan} Plan */
/** @typedef {import('./planned-order.mjs').LanePlan} LanePlan */
/** @typedef {import('../world.mjs').Scenario} Scenario */
/** @typedef {import('../world.mjs').History} History */
/** @typedef {import('../seeded-random.mjs').SeededRandom} SeededRandom */

/** Initial plans: repeat what was done, and leave everything to the rules. @param {Scenario} scenario @param {History} history @returns {[Plan, ...Plan[]]} */
export function createPlans(scenario, history) {
  const asDone = planAsDone(scenario, history);
  const others = [asDone, planAt(asDone, EAGER), planAt(asDone, RELUCTANT)];
  const withSlots = (/** @type {number} */ slots) => others.map((lanes) => ({ lanes, slots }));
  return [{ lanes: asDone, slots: 2 }, ...withSlots(2).slice(1), ...withSlots(1)];
}

/** @param {Scenario} scenario @param {History} history @returns {Plan['lanes']} */
function planAsDone({ workers }, { runs }) {
  const places = new Map(workers.map(({ name }, place) => [name, place]));
  /** @type {Map<string, History['runs'][number][]>} */
  const byLane = new Map();
  for (const run of runs) {
    const { name } = run.task.model;
    const own = byLane.get(name) ?? [];
    own.push(run);
    byLane.set(name, own);
  }
  return new Map(
    [...byLane].map(([name, own]) => {
      own.sort((a, b) => a.startMs - b.startMs);
      const home = Int16Array.from(own, ({ worker }) => places.get(worker.spec.name) ?? EAGER);
      return [name, { home, dueMs: Float64Array.from(own, ({ startMs }) => startMs) }];
    }),
  );
}

/** Puts every task on one worker. @param {Plan['lanes']} lanes @param {number} place @returns {Plan['lanes']} */
function planAt(lanes, place) {
  return new Map([...lanes].map(([name, { home, dueMs }]) => [name, { home: home.map(() => place), dueMs }]));
}

const STRETCHES = [1, 2, 4, 8, 16, 32, 64];
const SHIFT_MS = 120_000;

/** Changes one stretch of a plan: to another worker, to another time, or two workers swapped. @param {Plan} plan @param {number} workers @param {SeededRandom} random @returns {Plan} */
export function changePlan({ lanes, slots }, workers, random) {
  const kind = random.next();
  if (kind < 0.2) return { lanes: swapWorkers(lanes, workers, random), slots };
  const [name, own] = random.pick([...lanes]);
  const first = random.index(own.home.length);
  const end = Math.min(own.home.length, first + random.pick(STRETCHES));
  const home = own.home.slice();
  const dueMs = own.dueMs.slice();
  // Indexes of workers, and the two special values.
  if (kind < 0.75) home.fill(random.index(workers + 2) - 2, first, end);
  else {
    const shiftMs = random.between(-SHIFT_MS, SHIFT_MS);
    for (let place = first; place < end; place += 1) dueMs[place] = (dueMs[place] ?? 0) + shiftMs;
  }
  return { lanes: new Map(lanes).set(name, { home, dueMs }), slots };
}

/** Swaps everything due in a time span between two workers. @param {Plan['lanes']} lanes @param {number} workers @param {SeededRandom} random @returns {Plan['lanes']} */
function swapWorkers(lanes, workers, random) {
  const [one, other] = [random.index(workers), random.index(workers)];
  const [, { dueMs: moments }] = random.pick([...lanes]);
  const fromMs = moments[random.index(moments.length)] ?? 0;
  const untilMs = fromMs + random.between(10_000, 2 * SHIFT_MS);
  return new Map(
    [...lanes].map(([name, { home, dueMs }]) => {
      const own = home.map((place, number) => {
        const due = dueMs[number] ?? 0;
        if (due < fromMs || due >= untilMs) return place;
        return place === one ? other : place === other ? one : place;
      });
      return [name, { home: own, dueMs }];
    }),
  );
}
