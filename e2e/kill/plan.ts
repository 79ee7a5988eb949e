/** Random numbers in [0, 1) from a seed (mulberry32): the same seed gives the same run. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A task of the run: its run time on a worker, whether its client cancels it, and whether it repeats its request. */
export interface PlannedTask {
  key: string;
  seconds: number;
  color: number;
  cancels: boolean;
  repeats: boolean;
  maxAttempts: number;
}

/** Instead of a failpoint: a clean stop, SIGTERM after this many more tasks have ended. */
export const STOP = 'stop';

/** Where the server dies: a failpoint, and at which pass. */
export interface PlannedKill {
  place: string;
  count: number;
  /** Whether passes count from the start of the process, or once enough tasks run. */
  when: 'start' | 'busy';
  delayMs: number;
  /** Attempts that must be open at that moment: with fewer the server resumes until the next pass. */
  minOpen: number;
}

export interface KillPlan {
  seed: number;
  /** One list per client. */
  clients: PlannedTask[][];
  kills: PlannedKill[];
}

interface Sizes {
  tasks: number;
  clients: number;
  cancels: number;
  kills: number;
  maxAttempts?: number;
  /** Attempts open at each kill. */
  minOpen?: number;
}

/** How often a task passes a failpoint; higher numbers mean that more passes are counted. */
const PASSES: Record<string, number> = {
  before_accept_commit: 1,
  after_accept_commit: 1,
  after_claim: 1,
  post_handed_over: 1,
  before_submitted: 1,
  running: 1,
  before_history: 1,
  before_download: 1,
  mid_download: 1,
  before_result_commit: 1,
  before_events: 2.5,
  resuming: 0.5,
};

/** Draws every random choice of a run. */
export function planRun(seed: number, sizes: Sizes): KillPlan {
  const random = createRandom(seed);
  const tasks = Array.from({ length: sizes.tasks }, (_, index) => ({
    key: `key-${seed}-${index}`,
    seconds: Math.round(50 + random() * 450) / 1000,
    color: index + 1,
    cancels: false,
    repeats: random() < 0.1,
    // The server's death costs a task no attempt.
    maxAttempts: sizes.maxAttempts ?? 1,
  }));
  for (const index of drawSome(tasks.length, sizes.cancels, random)) {
    const task = tasks[index];
    if (task) task.cancels = true;
  }
  const clients = Array.from({ length: sizes.clients }, (_, client) =>
    tasks.filter((_task, index) => index % sizes.clients === client),
  );
  return { seed, clients, kills: planKills(random, sizes) };
}

function planKills(random: () => number, { kills, minOpen = 0 }: Sizes): PlannedKill[] {
  const places = Object.keys(PASSES);
  const drawn = drawSome(places.length, kills, random).flatMap((index) => places[index] ?? []);
  // Resuming needs an open attempt, so it cannot be the first.
  if (drawn[0] === 'resuming') drawn.push(...drawn.splice(0, 1));
  const planned = drawn.map((place): PlannedKill => {
    const count = 1 + Math.floor(12 * random() * (PASSES[place] ?? 1));
    const when = place === 'resuming' ? 'start' : 'busy';
    return { place, count, when, delayMs: place === 'post_handed_over' ? 1 : 0, minOpen };
  });
  // Only what the previous kill left open can be resumed, and some of it ends before the kill during resuming.
  const ending = (next: PlannedKill | undefined) => (next?.place === 'resuming' ? next.count : 0);
  return planned.map((kill, index) => ({ ...kill, minOpen: kill.minOpen + ending(planned[index + 1]) }));
}

function drawSome(from: number, count: number, random: () => number): number[] {
  const order = Array.from({ length: from }, (_, index) => ({ index, at: random() }));
  return order
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ index }) => index);
}
