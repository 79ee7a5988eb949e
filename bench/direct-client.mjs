import { randomUUID } from 'node:crypto';
import { ComfyHttp, ComfySession, ComfySocket, createNodeDialer, systemClock } from '@comfleet/comfyui/node';

/** @typedef {import('@comfleet/comfyui/node').NodeTransport} NodeTransport */
/** @typedef {{ id: string, totalMs: number, readableAtMs: number }} Timed `readableAtMs` on the clock of performance.now plus its origin in hrtime */

/** The monotonic clock that all processes of a machine share, in ms. */
export function readMonotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @param {AsyncIterable<Uint8Array>} body */
export async function readBytes(body) {
  let count = 0;
  for await (const chunk of body) count += chunk.length;
  if (count === 0) throw new Error('the result is empty');
  return count;
}

/**
 * Runs graphs on one worker through the comfyui package alone: its session submits, its detector reports the end, then the
 * bytes are fetched.
 * @param {string} baseUrl @param {NodeTransport} transport
 */
export async function openDirectClient(baseUrl, transport) {
  const http = new ComfyHttp({ baseUrl, transport });
  const dialer = createNodeDialer();
  const createId = () => randomUUID();
  const createSocket = () =>
    new ComfySocket({ baseUrl, dialer, clock: systemClock, random: Math.random, createId });
  const session = new ComfySession({ http, createSocket, clock: systemClock, createId });
  await session.connectWebSocket();

  /** @param {import('@comfleet/comfyui/node').Graph} graph @returns {Promise<Timed>} */
  async function run(graph) {
    const start = readMonotonicMs();
    const { promptId, outputs } = await session.runPrompt(graph);
    const file = outputs[0]?.file;
    if (!file) throw new Error(`prompt ${promptId} made no file`);
    const viewed = await http.view(file);
    await readBytes(viewed.body);
    const readableAtMs = readMonotonicMs();
    return { id: promptId, totalMs: readableAtMs - start, readableAtMs };
  }

  return { run, close: () => session.close() };
}
