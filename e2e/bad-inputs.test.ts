import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiDocument } from '@comfleet/test-kit';
import { demand, type Json, sendRequest } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressInputs } from './bad-inputs/addresses.ts';
import { type Bait, openBait } from './bad-inputs/bait.ts';
import { bodyInputs } from './bad-inputs/bodies.ts';
import { bombInputs } from './bad-inputs/bombs.ts';
import { headInputs } from './bad-inputs/heads.ts';
import { pathInputs } from './bad-inputs/paths.ts';
import { type BadInput, type RawResponse, sendRaw } from './bad-inputs/raw-request.ts';
import { dumpDatabase, findSecrets, readFiles, readProcesses } from './bad-inputs/read-everything.ts';
import { SecretStage } from './bad-inputs/secret-stage.ts';
import { failInside, misplaceSecrets, readAll, readTask, submitWithKey } from './bad-inputs/secret-uses.ts';
import { tokenInputs } from './bad-inputs/tokens.ts';
import { describeOnDatabases } from './services/databases.ts';

/*
 * Two thousand inputs that must be refused, sent byte for byte to a server in its own process. Afterwards every secret that it was
 * given or drew is searched wherever it may have leaked. Related: hostile-requests.test.ts (what blocks the server),
 * odd-requests.test.ts, native-tokens.test.ts, accepted-fields.test.ts.
 */

const AT_ONCE = 8;
/** What no refusal may show: frames of a stack, folders of modules, versions of what we run on. */
const INTERNALS = /\n\s+at |node_modules|node:internal|\/packages\/server\/|fastify|SQLITE_|better-sqlite/i;

describeOnDatabases('bad inputs and secrets', (database) => {
  let stage: SecretStage;
  let bait: Bait;
  let document: Json;
  let documented: ApiDocument;
  let url: string;
  let admin: string;
  /** Bodies of all responses. */
  const responses: string[] = [];
  const sent = new Set<string>();

  beforeAll(async () => {
    stage = await SecretStage.open(await database.create());
    bait = await openBait();
    const caller = await stage.admin();
    url = caller.url;
    admin = caller.token ?? '';
    document = await demand(caller, 'GET /openapi.json');
    documented = new ApiDocument(document);
  });
  afterAll(async () => {
    await bait?.close();
    await stage?.close();
  });

  /** What is wrong with the response to a bad input; null for a documented refusal in our envelope. */
  function describeFault({ refusals, operation }: BadInput, response: RawResponse): string | null {
    const { status, type, text } = response;
    if (status === 0) return refusals.includes('closed') ? null : `closed without a response ${text}`;
    const refusal = readRefusal(response);
    if (!refusals.includes(refusal)) return `${refusal}, not ${refusals.join(' or ')}: ${text.slice(0, 300)}`;
    if (INTERNALS.test(text)) return `shows internals: ${text}`;
    if (operation !== null) documented.check(operation, { status, text, contentType: type });
    return null;
  }

  async function sendAll(inputs: readonly BadInput[]): Promise<string[]> {
    const faults: string[] = [];
    const port = Number(new URL(url).port);
    const rest = [...inputs];
    const sendNext = async (): Promise<void> => {
      for (let input = rest.shift(); input !== undefined; input = rest.shift()) {
        sent.add(input.bytes.toString('latin1'));
        const response = await sendRaw(port, input.bytes);
        responses.push(response.text);
        const fault = describeFault(input, response);
        if (fault !== null) faults.push(`${input.name}: ${fault}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
    return faults;
  }

  const statusOf = async (path: string) => (await fetch(url + path)).status;
  const addresses = () =>
    addressInputs({ admin, member: stage.member, joinToken: stage.wrong.joinToken, bait });

  test('secrets in places where they do not belong break nothing', async () => {
    // First, while the log leaves no line of a refusal out.
    const answers = await misplaceSecrets(stage);
    responses.push(...answers.map(({ text }) => text));
    // The code of a sign-in link and the join tokens are where they belong once.
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400, 401, 404, 429, 502]));
    const log = await readFile(join(stage.server.dataDir, 'logs', 'system.log'), 'utf8');
    for (const code of ['UNAUTHORIZED', 'INVALID_REQUEST', 'NOT_FOUND', 'RATE_LIMITED'])
      expect(log).toContain(code);
  });

  test.each([
    ['SE5 tokens of other kinds, states and forms', () => tokenInputs(stage.wrong)],
    ['SE15 paths that climb, odd targets, ids that are none, and unknown methods', () => pathInputs(admin)],
    ['SE18 SE20 heads that are too large, ambiguous or for another host', () => headInputs(admin)],
    ['SE13 SE24 bombs, keys that reach prototypes, and files that are no pictures', () => bombInputs(admin)],
    ['SE16 addresses wherever a request may name one', addresses],
    ['ST7 wrong values of every field of every route', () => bodyInputs(document, admin)],
  ])('%s are refused as documented', async (_name, list) => {
    expect(await sendAll(list())).toEqual([]);
    expect(await statusOf('/healthz')).toBe(200);
  });

  test('SE16 no address in a request was connected to, and no redirect of a worker is followed', async () => {
    expect(bait.connections).toBe(0);
    const redirect = await openBait({ redirectTo: `http://127.0.0.1:${bait.port}/`, text: '' });
    const talkative = await openBait({ text: 'text of an internal service' });
    for (const [target, token, path] of [
      [redirect, admin, '/api/fleet/workers'],
      [redirect, stage.wrong.joinToken, '/api/fleet/register'],
      [talkative, stage.wrong.joinToken, '/api/fleet/register'],
    ] as const) {
      const body = { url: `http://127.0.0.1:${target.port}/` };
      const response = await sendRequest({ url, token }, `POST ${path}`, { body });
      const text = await response.text();
      responses.push(text);
      expect([response.status, text]).toEqual([502, expect.not.stringContaining('internal service')]);
    }
    expect([bait.connections, redirect.connections > 0, talkative.connections > 0]).toEqual([0, true, true]);
    await redirect.close();
    await talkative.close();
  });

  test('SE21 AU12 no secret is in a log, a response, the database, a command line or a child process', async () => {
    const { server, secrets } = stage;
    const done = await submitWithKey(stage, 0.01);
    await submitWithKey(stage, 60);
    await demand(await stage.admin(), `GET /api/v2/tasks/${done}`);
    await (await sendRequest(await stage.admin(), `GET /api/v2/tasks/${done}/events`)).text();
    const failed = await failInside(stage);
    expect(Math.min(...failed.statuses)).toBeGreaterThanOrEqual(500);
    responses.push(...failed.texts);
    for (const [name, text] of Object.entries(
      parse(await readFile(join(server.dataDir, 'secrets.json'), 'utf8')) ?? {},
    ))
      stage.keep(name, text);
    const shown = await readAll(document, await stage.admin());
    const task = await readTask(stage, done);
    const processes = await readProcesses(server.pid);
    await server.kill();
    await server.start(null);
    const printed = server.printed.join('\n');
    const again = await readAll(document, await stage.admin());
    await server.stop();
    const sources = new Map([
      ...shown,
      ...[...again].map(([path, text]): [string, string] => [`${path} after the crash`, text]),
      ...task,
      ...processes,
      ...(await readFiles(server.dataDir)),
      ...(await dumpDatabase(stage.database.config)),
      ['responses to bad inputs', responses.join('\n')],
      ['terminal', printed],
    ]);
    const names = [...sources.keys()];
    process.stdout.write(
      `secrets on ${database.name}: ${secrets.size}, searched in ${sources.size} places\n`,
    );
    expect(names.filter((name) => name.endsWith('/environ')).length).toBeGreaterThan(0);
    expect(names).toContain('table principal');
    expect(findSecrets(sources, secrets)).toEqual([]);
    // The control: what was searched is what was used.
    expect(sources.get('table token')).toContain(hash(stage.member));
    expect(findSecrets(await readFiles(stage.folder), secrets)).toContainEqual(
      expect.stringContaining('secret-key in'),
    );
  });

  test('the inputs are more than five hundred, each another one', () => {
    process.stdout.write(`bad inputs on ${database.name}: ${sent.size} different ones\n`);
    expect(sent.size).toBeGreaterThan(500);
  });
});

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Status and code of a refusal in our envelope, or in that of the contract of jobs, whose codes are in lower case. */
function readRefusal({ status, type, text }: RawResponse): string {
  const { error, request_id: id } = parse(text) ?? {};
  const isNative = /^[A-Z_]+$/.test(error?.code);
  const isWhole = typeof error?.message === 'string' && error.details !== undefined && (!isNative || id);
  return isWhole && type === 'application/json; charset=utf-8'
    ? `${status} ${error.code}`
    : `${status} as ${type}`;
}

function parse(text: string): Json | null {
  try {
    return JSON.parse(text);
  } catch {
    return null; // The caller shows the text itself.
  }
}
