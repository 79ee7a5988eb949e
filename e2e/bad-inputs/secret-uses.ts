import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Program } from '@comfleet/test-kit';
import {
  type Caller,
  demand,
  followPath,
  type Json,
  readResponse,
  sendRequest,
} from '@comfleet/test-kit/server';
import { slowPicture } from '../support/graphs.ts';
import { changeStructure } from './read-everything.ts';
import type { SecretStage } from './secret-stage.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'comfleet.js');

/** Sends every secret in places where it does not belong, as people do by mistake; returns the responses. */
export async function misplaceSecrets(stage: SecretStage): Promise<{ status: number; text: string }[]> {
  const { url, token } = await stage.admin();
  const answers: { status: number; text: string }[] = [];
  const ask = async (bearer: string | null, request: string, body?: unknown) => {
    answers.push(await readResponse(await sendRequest({ url, token: bearer }, request, { body })));
  };
  for (const secret of stage.secrets.values()) {
    const inPath = encodeURIComponent(secret);
    await ask(null, 'POST /api/v2/auth/sign-in', { username: secret.slice(0, 190), password: secret });
    await ask(null, 'POST /api/v2/auth/token', { client_id: secret, client_secret: [secret] });
    await ask(null, 'POST /api/v2/auth/token', { client_id: 'x', client_secret: secret });
    await ask(null, 'POST /api/v2/auth/exchange', { code: secret });
    await ask(secret, 'POST /api/fleet/register', { url: 'http://127.0.0.1:9' });
    await ask(token, 'POST /api/v2/auth/password', { current_password: [secret], new_password: secret });
    await ask(null, `GET /api/v2/auth/me?access_token=${inPath}`);
    await ask(null, `GET /client/${inPath}`);
    await ask(null, `GET /api/v2/${inPath}`);
  }
  return answers;
}

/** Bodies of every route that only reads and needs no id, as an admin; of the stream of the fleet its first event. */
export async function readAll(document: Json, caller: Caller): Promise<Map<string, string>> {
  const paths = Object.entries<Json>(document.paths)
    .filter(([path, item]) => item.get && !path.includes('{') && !path.endsWith('/stream'))
    .map(([path]) => path);
  const read = async (path: string): Promise<[string, string]> => [
    path,
    await (await sendRequest(caller, `GET ${path}`)).text(),
  ];
  const found = new Map(await Promise.all(paths.map(read)));
  for await (const frame of followPath(caller, '/api/fleet/stream')) {
    found.set('/api/fleet/stream', JSON.stringify(frame));
    break;
  }
  return found;
}

/** Submits a task with a key of a provider that runs for `seconds`; returns its id. */
export async function submitWithKey(stage: SecretStage, seconds: number): Promise<string> {
  const known = stage.secrets.get('provider key') ?? `provider-${stage.secret('unused-environment')}`;
  const extra_data = { api_key_comfy_org: stage.keep('provider key', known) };
  const body = { graph: slowPicture(seconds), extra_data };
  return (await demand(await stage.admin(), 'POST /api/v2/tasks', { status: 201, body })).task_id;
}

/** Everything about a task, through the API and as the file that `comfleet debug bundle` writes. */
export async function readTask(stage: SecretStage, id: string): Promise<Map<string, string>> {
  const caller = await stage.admin();
  const found = new Map<string, string>();
  for (const path of [
    'v2/tasks/ID',
    'fleet/tasks/ID/attempts',
    'fleet/tasks/ID/placement',
    'fleet/tasks/ID/graph',
  ])
    found.set(path, await (await sendRequest(caller, `GET /api/${path.replace('ID', id)}`)).text());
  const out = join(stage.folder, `bundle-${id}.json`);
  const args = [COMMAND, 'debug', 'bundle', id, '--out', out, '--data', stage.server.dataDir];
  const { code } = await Program.node(args).exited;
  found.set(`debug bundle, exit code ${code}`, await readFile(out, 'utf8'));
  return found;
}

/** Lets requests with passwords and tokens fail inside the server, by taking a table away; returns their statuses and bodies. */
export async function failInside(stage: SecretStage): Promise<{ statuses: number[]; texts: string[] }> {
  const { config } = stage.database;
  const { url } = await stage.admin();
  const { bearer, clientSecret, password } = stage.wrong;
  await changeStructure(config, 'alter table principal rename to principal_away');
  const requests = [
    ['POST /api/v2/auth/sign-in', { username: 'mira', password }],
    [
      'POST /api/v2/auth/token',
      { client_id: '01900000-0000-7000-8000-0000000000ff', client_secret: clientSecret },
    ],
    ['GET /api/v2/auth/me', undefined],
  ] as const;
  const statuses: number[] = [];
  const texts: string[] = [];
  for (const [request, body] of requests) {
    // Not in the cache of sessions: the last one reads the table too.
    const token = request.startsWith('GET') ? `${bearer.slice(0, -1)}_` : null;
    const response = await readResponse(await sendRequest({ url, token }, request, { body }));
    statuses.push(response.status);
    texts.push(response.text);
  }
  await changeStructure(config, 'alter table principal_away rename to principal');
  return { statuses, texts };
}
