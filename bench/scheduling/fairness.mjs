/** @typedef {import('./world.mjs').Run} Run */
/** @typedef {{ atMs: number, client: string, outstanding: number, running: number }} Step what changes for a client */

/**
 * Jain's fairness index over clients, of the ratio of received to entitled worker time: 1 when all had their share, 1/n when
 * one had everything. Entitled is the max-min fair share: at every moment the workers are shared equally among the clients
 * with unfinished tasks, none counted for more workers than it has tasks.
 * @param {readonly Run[]} runs @param {number} workers
 */
export function computeJain(runs, workers) {
  const { received, entitled } = integrateShares(runs, workers);
  const ratios = [...entitled]
    .filter(([, ms]) => ms > 0)
    .map(([client, ms]) => Math.min(1, (received.get(client) ?? 0) / ms));
  const sum = ratios.reduce((total, ratio) => total + ratio, 0);
  const squares = ratios.reduce((total, ratio) => total + ratio ** 2, 0);
  return squares === 0 ? 1 : sum ** 2 / (ratios.length * squares);
}

/** @param {readonly Run[]} runs @param {number} workers */
function integrateShares(runs, workers) {
  /** @type {Map<string, number>} */
  const received = new Map();
  /** @type {Map<string, number>} */
  const entitled = new Map();
  /** @type {Map<string, { outstanding: number, running: number }>} */
  const clients = new Map();
  let lastMs = 0;
  for (const { atMs, client, outstanding, running } of listSteps(runs)) {
    const tookMs = atMs - lastMs;
    if (tookMs > 0) {
      const shares = shareFairly(clients, workers);
      for (const [name, state] of clients) {
        add(received, name, state.running * tookMs);
        add(entitled, name, (shares.get(name) ?? 0) * tookMs);
      }
    }
    lastMs = atMs;
    const state = clients.get(client) ?? { outstanding: 0, running: 0 };
    clients.set(client, {
      outstanding: state.outstanding + outstanding,
      running: state.running + running,
    });
  }
  return { received, entitled };
}

/** @param {readonly Run[]} runs @returns {Step[]} */
function listSteps(runs) {
  const steps = runs.flatMap(({ task: { client, atMs }, startMs, endMs }) => [
    { atMs, client, outstanding: 1, running: 0 },
    { atMs: startMs, client, outstanding: 0, running: 1 },
    { atMs: endMs, client, outstanding: -1, running: -1 },
  ]);
  return steps.sort((a, b) => a.atMs - b.atMs);
}

/** Equal shares; what a client cannot use goes to the others. @param {ReadonlyMap<string, { outstanding: number }>} clients @param {number} workers @returns {Map<string, number>} */
function shareFairly(clients, workers) {
  const hungry = [...clients].filter(([, { outstanding }]) => outstanding > 0);
  hungry.sort(([, a], [, b]) => a.outstanding - b.outstanding);
  /** @type {Map<string, number>} */
  const shares = new Map();
  let left = workers;
  for (const [place, [name, { outstanding }]] of hungry.entries()) {
    const share = Math.min(outstanding, left / (hungry.length - place));
    shares.set(name, share);
    left -= share;
  }
  return shares;
}

/** @param {Map<string, number>} totals @param {string} name @param {number} ms */
function add(totals, name, ms) {
  totals.set(name, (totals.get(name) ?? 0) + ms);
}
