import { createNodeTransport } from '@comfleet/comfyui/node';
import { openComfleetClient } from './comfleet-client.mjs';
import { openDirectClient } from './direct-client.mjs';
import { loadEndTimes } from './fleet.mjs';
import { createGraph } from './graph.mjs';
import { toPercentiles } from './statistics.mjs';

/** @typedef {import('./direct-client.mjs').Timed} Timed */
/** @typedef {import('./statistics.mjs').Percentiles} Percentiles */
/** @typedef {{ total: Percentiles, endToReadable: Percentiles }} SideTimes */
/** @typedef {{ inFlight: number, direct: SideTimes, comfleet: SideTimes }} Latency */

/** Tasks that a lane runs on one side before it switches to the other. */
const TURN = 5;
const WARM_UP = 5;

/**
 * From the client's POST to the result bytes: directly through the comfyui package and through Comfleet, alternating within
 * one run, so that both see the same conditions. Only one side runs at a time.
 * @param {{ server: import('./fleet.mjs').Server, workers: readonly import('./fleet.mjs').Worker[], count: number, inFlight: number }} options
 * @returns {Promise<Latency>}
 */
export async function measureLatency({ server, workers, count, inFlight }) {
  const transport = createNodeTransport();
  const direct = await Promise.all(workers.map(({ url }) => openDirectClient(url, transport)));
  const comfleet = await openComfleetClient(server, transport);
  let number = Math.floor(Math.random() * 1e6);
  const nextGraph = () => createGraph(number++);
  const runDirect = (/** @type {number} */ turn, /** @type {number} */ lane) => {
    const client = direct[(inFlight === 1 ? turn : lane) % direct.length];
    if (!client) throw new Error('there are no workers');
    return client.run(nextGraph());
  };
  const runComfleet = () => comfleet.run(nextGraph());
  try {
    await runTurn(WARM_UP, inFlight, runDirect);
    await runTurn(WARM_UP, inFlight, runComfleet);
    /** @type {{ direct: Timed[], comfleet: Timed[] }} */
    const times = { direct: [], comfleet: [] };
    const perLane = inFlight === 1 ? 1 : TURN;
    while (times.direct.length < count) {
      times.direct.push(...(await runTurn(perLane, inFlight, runDirect)));
      times.comfleet.push(...(await runTurn(perLane, inFlight, runComfleet)));
    }
    const ends = await loadEndTimes(workers);
    return {
      inFlight,
      direct: toSideTimes(times.direct, ends),
      comfleet: toSideTimes(times.comfleet, ends),
    };
  } finally {
    comfleet.close();
    for (const client of direct) await client.close();
    await transport.close();
  }
}

let turns = 0;

/** @param {number} perLane @param {number} lanes @param {(turn: number, lane: number) => Promise<Timed>} run @returns {Promise<Timed[]>} */
async function runTurn(perLane, lanes, run) {
  const done = await Promise.all(
    Array.from({ length: lanes }, async (_value, lane) => {
      /** @type {Timed[]} */
      const times = [];
      for (let index = 0; index < perLane; index += 1) times.push(await run(turns++, lane));
      return times;
    }),
  );
  return done.flat();
}

/** @param {readonly Timed[]} times @param {ReadonlyMap<string, number>} ends @returns {SideTimes} */
function toSideTimes(times, ends) {
  const endToReadable = times.map(({ id, readableAtMs }) => {
    const end = ends.get(id);
    if (end === undefined) throw new Error(`no ledger tells when ${id} ended`);
    return readableAtMs - end;
  });
  return {
    total: toPercentiles(times.map(({ totalMs }) => totalMs)),
    endToReadable: toPercentiles(endToReadable),
  };
}
