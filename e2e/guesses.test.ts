import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demand } from '@comfleet/test-kit/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Address, ServerProcess } from './kill/server-process.ts';

/*
 * Guesses of passwords from many addresses of loopback against a server in its own process. The limits over time are tested with
 * a clock that stands still in users.test.ts; those of client secrets in odd-requests.test.ts.
 */

const PASSWORD = 'correct horse battery staple';
const OWNER_ADDRESS = '127.0.0.1';
const SIGN_IN = '/api/v2/auth/sign-in';
const MINUTE_MS = 60_000;

let folder: string;
let server: ServerProcess;
let address: Address;
let startedMs: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-guesses-'));
  server = new ServerProcess(folder);
  await server.configure({ driver: 'sqlite', file: join(folder, 'guesses.db') }, [], 'file');
  startedMs = performance.now();
  await server.start(null);
  address = (await server.whenUp()).address;
});
afterEach(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

interface Guess {
  readonly username: string;
  readonly password: string;
  readonly from: string;
}

interface Answer {
  readonly status: number;
  /** Without the id of the request. */
  readonly text: string;
  readonly headers: readonly string[];
  readonly ms: number;
}

/** Tries to sign in from an address of loopback. */
function guess({ username, password, from }: Guess): Promise<Answer> {
  const body = JSON.stringify({ username, password });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sentMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(address.url + SIGN_IN, {
      method: 'POST',
      localAddress: from,
      agent: false,
      headers,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: text.replace(/"request_id":"[^"]+"/, ''),
          headers: Object.keys(response.headers).sort(),
          ms: performance.now() - sentMs,
        }),
      );
    });
    sent.end(body);
  });
}

async function addUser(username: string): Promise<void> {
  const body = { username, role: 'member', password: PASSWORD };
  await demand(address, 'POST /api/v2/admin/users', { status: 201, body });
}

const signInAsOwner = () => guess({ username: 'mira', password: PASSWORD, from: OWNER_ADDRESS });

/** Sends guesses, `atOnce` of them at a time, and one sign-in of the owner for every tenth part of them. */
async function attack(guesses: readonly Guess[], atOnce: number) {
  const rest = [...guesses];
  const wrong: Answer[] = [];
  const owner: Answer[] = [];
  const every = Math.ceil(guesses.length / 9);
  const sendNext = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      if (rest.length % every === 0) owner.push(await signInAsOwner());
      wrong.push(await guess(next));
    }
  };
  const sinceMs = performance.now();
  await Promise.all(Array.from({ length: atOnce }, sendNext));
  const count = (status: number) => wrong.filter((one) => one.status === status).length;
  return {
    checked: count(401),
    slowed: count(429),
    seconds: ((performance.now() - sinceMs) / 1000).toFixed(1),
    owner: owner.map(({ status }) => status),
    slowestOwnerMs: Math.round(Math.max(...owner.map(({ ms }) => ms))),
    /** Minutes of the limits that have begun since the start of the server. */
    minutes: Math.ceil((performance.now() - startedMs) / MINUTE_MS),
  };
}

const wrongPassword = (index: number) => `guess number ${index}`;
const toAddress = (index: number) => `127.0.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`;

test.each([
  ['one account from one address', () => ({ username: 'mira', from: '127.0.9.9' }), 10],
  [
    'one account from 200 addresses',
    (index: number) => ({ username: 'mira', from: toAddress(index % 200) }),
    20,
  ],
  [
    '1,000 accounts from one address',
    (index: number) => ({ username: `user-${index}`, from: '127.0.9.9' }),
    60,
  ],
])('SE4 1,000 guesses of %s are slowed and do not lock the owner out', async (name, toTarget, limit) => {
  await addUser('mira');
  expect((await signInAsOwner()).status).toBe(200);
  const guesses = Array.from({ length: 1000 }, (_item, index) => ({
    ...toTarget(index),
    password: wrongPassword(index),
  }));

  const seen = await attack(guesses, 50);

  process.stdout.write(
    `guesses of ${name}: ${seen.checked} checked, ${seen.slowed} slowed in ${seen.seconds} s; ` +
      `the owner signed in ${seen.owner.length} times, at most ${seen.slowestOwnerMs} ms each\n`,
  );
  expect(seen.checked + seen.slowed).toBe(1000);
  expect(seen.checked).toBeLessThanOrEqual(limit * seen.minutes);
  expect(seen.owner).toEqual(Array(9).fill(200));
});

test('SE4 guesses of 1,000 accounts from 1,000 addresses at once do not keep the owner out', async () => {
  await addUser('mira');
  expect((await signInAsOwner()).status).toBe(200);
  const guesses = Array.from({ length: 1000 }, (_item, index) => ({
    username: `user-${index}`,
    from: toAddress(index),
    password: wrongPassword(index),
  }));

  const seen = await attack(guesses, 200);

  process.stdout.write(
    `guesses of 1,000 accounts from 1,000 addresses: ${seen.checked} checked, ${seen.slowed} slowed in ${seen.seconds} s; ` +
      `the owner signed in ${seen.owner.length} times, at most ${seen.slowestOwnerMs} ms each\n`,
  );
  expect(seen.owner).toEqual(Array(9).fill(200));
});

test('SE4 an unknown user, a wrong password and a disabled user look the same and take as long', async () => {
  const users = Array.from({ length: 12 }, (_item, index) => `mira-${index}`);
  for (const user of [...users, 'theo']) await addUser(user);
  await demand(address, 'PATCH /api/v2/admin/users/theo', { body: { disabled: true } });
  const unknown: Answer[] = [];
  const wrong: Answer[] = [];
  // One after the other and in turn, so that whatever else the machine does slows both.
  for (let turn = 0; turn < 48; turn += 1) {
    const from = toAddress(turn);
    const password = wrongPassword(turn);
    unknown.push(await guess({ username: `nobody-${turn % 12}`, password, from }));
    wrong.push(await guess({ username: users[turn % 12] ?? '', password, from }));
  }
  const disabled = await guess({ username: 'theo', password: PASSWORD, from: '127.0.9.9' });

  const different = new Set(
    [...unknown, ...wrong, disabled].map(({ status, text, headers }) => `${status} ${text} ${headers}`),
  );
  expect([...different]).toEqual([expect.stringContaining('401 {"error":{"code":"UNAUTHORIZED"')]);
  const [unknownMs, wrongMs] = [quantile(unknown, 0.5), quantile(wrong, 0.5)];
  process.stdout.write(
    `sign-in of an unknown user: median ${unknownMs.toFixed(1)} ms; with a wrong password: ${wrongMs.toFixed(1)} ms\n`,
  );
  // The quickest quarter met the least of what else the machine does. Without a hash one would take a tenth of the other.
  const [unknownLow, wrongLow] = [quantile(unknown, 0.25), quantile(wrong, 0.25)];
  expect(Math.max(unknownLow, wrongLow) / Math.min(unknownLow, wrongLow)).toBeLessThan(2);
});

function quantile(answers: readonly Answer[], part: number): number {
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return times[Math.floor(times.length * part)] ?? 0;
}
