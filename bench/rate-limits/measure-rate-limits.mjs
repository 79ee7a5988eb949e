import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryRateLimits } from '../../packages/server/dist/platform/http/rate-limits/memory-rate-limits.js';
import { openServer } from '../fleet.mjs';
import { readCpuMs } from '../program.mjs';
import { round } from '../statistics.mjs';

/** @typedef {import('../fleet.mjs').Server} Server */
/** @typedef {{ requests: number, rounds: number }} Size */
/**
 * @typedef {object} RateLimitCost
 * @property {number} requests of each side in a round
 * @property {number} rounds
 * @property {number} takeNs one count in memory, of a key among 100,000
 * @property {number} freeUs processor time of the server for a request without a limit
 * @property {number} countedUs the same with a limit that is not reached
 * @property {number} refusedUs for a request that is refused by its limit
 */

const IN_FLIGHT = 8;
const PATH = '/api/v2/auth/me';
const KEYS = 100_000;
const POLICY = { name: 'bench', limit: 100_000, windowMs: 60_000 };

/**
 * What counting a request costs: requests with and without a limit, and refused ones, alternate within one run.
 * @param {Size & { print: (line: string) => void }} options @returns {Promise<RateLimitCost>}
 */
export async function measureRateLimits({ requests, rounds, print }) {
  const takeNs = await measureTake();
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-rate-limits-'));
  const server = await openServer({ folder, workers: [] });
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  try {
    const limit = (/** @type {string} */ key, /** @type {number | null} */ value) =>
      setLimit(server, key, value);
    await limit('anonymous_per_minute', 1);
    const send = (/** @type {string | null} */ token) => measureRequests(server, { agent, requests, token });
    await send(server.token);
    /** @type {{ free: number[], counted: number[], refused: number[] }} */
    const cost = { free: [], counted: [], refused: [] };
    for (let round = 1; round <= rounds; round += 1) {
      print(`round ${round} of ${rounds} …`);
      await limit('client_per_minute', null);
      cost.free.push(await send(server.token));
      await limit('client_per_minute', POLICY.limit);
      cost.counted.push(await send(server.token));
      cost.refused.push(await send(null));
    }
    const us = (/** @type {number[]} */ values) => round(toMedian(values));
    return {
      ...{ requests, rounds, takeNs },
      ...{ freeUs: us(cost.free), countedUs: us(cost.counted), refusedUs: us(cost.refused) },
    };
  } finally {
    agent.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ns for one count. */
async function measureTake() {
  const limits = new MemoryRateLimits({ monotonicMs: () => performance.now() });
  const take = (/** @type {number} */ number) => limits.take(`address ${number % KEYS}`, POLICY, 1);
  for (let number = 0; number < KEYS; number += 1) await take(number);
  const count = 500_000;
  const before = performance.now();
  for (let number = 0; number < count; number += 1) await take(number * 7919);
  return Math.round(((performance.now() - before) * 1e6) / count);
}

/** Processor time of the server for a request, µs. @param {Server} server @param {{ agent: Agent, requests: number, token: string | null }} options */
async function measureRequests({ url, program: { pid } }, { agent, requests, token }) {
  /** @type {Record<string, string>} */
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  let left = requests;
  const sendNext = async () => {
    for (; left > 0; left -= 1) await send(url + PATH, { agent, headers });
  };
  const beforeMs = readCpuMs(pid, { thread: 'main' });
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendNext));
  return ((readCpuMs(pid, { thread: 'main' }) - beforeMs) * 1000) / requests;
}

/** @param {string} url @param {{ agent: Agent, headers: Record<string, string> }} options @returns {Promise<void>} */
function send(url, options) {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** @param {Server} server @param {string} key @param {number | null} value */
async function setLimit({ url, token }, key, value) {
  const response = await fetch(`${url}/api/v2/admin/settings/rate_limits.${key}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ value }),
  });
  if (!response.ok) throw new Error(`${key} answered ${response.status}: ${await response.text()}`);
}

/** @param {readonly number[]} values */
function toMedian(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
