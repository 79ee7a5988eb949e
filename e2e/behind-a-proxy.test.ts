import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import {
  type Certificate,
  createCertificate,
  demandAuthorization,
  type Gateway,
  type GatewayResponse,
  openGateway,
} from '@comfleet/test-kit';
import { type Json, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pictureForm } from './support/graphs.ts';

const PASSWORD = 'pa:ss/wörd@1';
const KEY = 'key-of-the-studio';
const toBasic = (password: string) => `Basic ${Buffer.from(`studio:${password}`).toString('base64')}`;
const authority = createCertificate({ name: 'studio authority', isAuthority: true });
const certificate = createCertificate({ name: 'gpu', hosts: ['127.0.0.1'], issuer: authority });

let folder: string;
let simulator: Simulator;
let rig: RunningServer | null = null;
const gateways: Gateway[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-proxy-'));
  await writeFile(join(folder, 'ca.pem'), authority.cert);
  await writeFile(join(folder, 'password'), `${PASSWORD}\n`);
  simulator = await openSimulator({ stepMs: 1 });
});
afterEach(async () => {
  await rig?.close();
  rig = null;
  for (const gateway of gateways.splice(0)) await gateway.close();
  await simulator.close();
  await rm(folder, { recursive: true });
});

async function open(options: { certificate?: Certificate; path?: string } = {}): Promise<Gateway> {
  const gateway = await openGateway({ target: simulator.url, ...options });
  gateways.push(gateway);
  return gateway;
}

async function refusing(answer: GatewayResponse): Promise<Gateway> {
  const gateway = await open();
  gateway.refuse = () => answer;
  return gateway;
}

const quick = { nodes: { health_check: { interval: 0.5 } } };

async function start(...workers: Json[]): Promise<RunningServer> {
  const environment = { STUDIO_KEY: KEY };
  rig = await startServer({ simulators: [], config: { workers, ...quick }, environment });
  return rig;
}

/** Follows the fleet until its worker satisfies the condition; returns it. */
async function when(server: RunningServer, isWanted: (worker: Json) => boolean): Promise<Json> {
  let found: Json | null = null;
  await server.follow(server.token, '/api/fleet/stream', ({ data }) => {
    const workers: Json[] = data.kind === 'snapshot' ? data.workers : [data.worker ?? {}];
    found = workers.find(isWanted) ?? null;
    return found !== null;
  });
  if (found === null) throw new Error('the stream ended');
  return found;
}

const isOnline = (worker: Json) => worker.state === 'online' && worker.socket === 'connected';
const hasError = (worker: Json) => worker.state === 'error';

/** A graph that loads an uploaded picture and saves it. */
async function uploadGraph(server: RunningServer) {
  const form = pictureForm('cat.png');
  const { json } = await server.ask(server.token, 'POST /api/fleet/uploads', { body: form });
  return {
    '1': {
      class_type: 'LoadImage',
      inputs: { image: { __type: 'core/ASSET', info: { id: json.upload_id } } },
    },
    '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'cat' } },
  };
}

/** Everything the server stored and printed, as one text. */
async function readAll(server: RunningServer): Promise<string> {
  const entries = await readdir(server.dataDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')));
  return [...server.lines, ...texts].join('\n');
}

describe('a worker behind a proxy', () => {
  it('with a login, a header, a path and its own authority: uploads, prompts, socket and results go through', async () => {
    const gateway = await open({ certificate, path: '/comfy' });
    const demand = demandAuthorization(toBasic(PASSWORD));
    gateway.refuse = (headers, path) =>
      headers['x-studio'] === KEY ? demand(headers, path) : { status: 403, body: 'no key' };
    const server = await start({
      url: `${gateway.url}/`,
      auth: { username: 'studio', password: { file: join(folder, 'password') } },
      headers: { 'X-Studio': { env: 'STUDIO_KEY' } },
      tls: { ca_file: join(folder, 'ca.pem') },
    });
    const worker = await when(server, isOnline);

    const task = await server.run(server.token, { graph: await uploadGraph(server) });
    const result = await server.ask(server.token, `GET ${task.results[0].url}`);

    expect(task.status, JSON.stringify(task.error)).toBe('succeeded');
    expect(result.bytes.length).toBe(task.results[0].size_bytes);
    expect(worker).toMatchObject({
      name: gateway.host,
      url: gateway.url,
      access: { login: 'basic', headers: ['X-Studio'], own_ca: true, verifies: true },
    });
    expect(gateway.seen.filter(({ passed }) => !passed)).toEqual([]);
    const paths = gateway.seen.map(({ path }) => path.replace(/\?.*/, ''));
    expect(paths).toEqual(
      expect.arrayContaining(['/comfy/ws', '/comfy/prompt', '/comfy/upload/image', '/comfy/view']),
    );
    const output = `${JSON.stringify(worker)}${await readAll(server)}`;
    for (const secret of [PASSWORD, toBasic(PASSWORD).slice(6), KEY]) expect(output).not.toContain(secret);
  });

  it('that asks for a login is reported as such; its tasks wait, and run once the file has the login', async () => {
    const gateway = await open();
    gateway.refuse = demandAuthorization(toBasic(PASSWORD));
    const server = await start({ name: 'gpu', url: gateway.url });
    const worker = await when(server, hasError);
    const id = await server.submit(server.token, { graph: await uploadGraph(server) });
    const login = encodeURIComponent(PASSWORD);

    const url = gateway.url.replace('//', `//studio:${login}@`);
    await server.writeConfig(server.describe({ workers: [{ name: 'gpu', url }], ...quick }));

    const reason = 'it asks for a login (HTTP status 401): give user name and password, or a token';
    expect(worker.reason).toBe(reason);
    expect(server.lines.join('\n')).toContain(reason);
    expect((await server.finish(server.token, id)).status).toBe('succeeded');
    expect(JSON.stringify(await when(server, isOnline))).not.toContain(login);
  });

  it('whose login changes while a task is on its way: the task waits and is not failed', async () => {
    const gateway = await open();
    const demand = demandAuthorization('Bearer good');
    let isChanged = false;
    gateway.refuse = (headers, path) =>
      isChanged || path === '/prompt'
        ? demandAuthorization('Bearer new')(headers, path)
        : demand(headers, path);
    const server = await start({ name: 'gpu', url: gateway.url, auth: { token: 'good' } });
    await when(server, isOnline);
    const id = await server.submit(server.token, { graph: await uploadGraph(server) });
    await server.follow(
      server.token,
      `/api/v2/tasks/${id}/events`,
      ({ data }) => data.event?.type === 'attempt.ended',
    );
    isChanged = true;
    const worker = await when(server, hasError);
    await server.writeConfig(
      server.describe({ workers: [{ name: 'gpu', url: gateway.url, auth: { token: 'new' } }], ...quick }),
    );

    const task = await server.finish(server.token, id);

    expect(worker.reason).toContain('the login was refused (HTTP status 401)');
    expect(task.status, JSON.stringify(task.error)).toBe('succeeded');
  });

  it('that refuses, has a wrong certificate or returns pages instead of data is reported as what it is', async () => {
    const selfSigned = createCertificate({ name: 'alone', hosts: ['127.0.0.1'] });
    const plain = '<center>The plain HTTP request was sent to HTTPS port</center>';
    const answers: Record<string, [Gateway, string, string]> = {
      alone: [
        await open({ certificate: selfSigned }),
        'error',
        'is self-signed: if it is yours, name it as tls.ca_file in config.yaml',
      ],
      stranger: [await open({ certificate }), 'error', 'is from an authority that is not trusted here'],
      '502': [await refusing({ status: 502 }), 'offline', 'a proxy answers, but it does not reach ComfyUI'],
      moved: [
        await refusing({ status: 302, headers: { location: '/login?next=secret' } }),
        'error',
        'it sends us to http',
      ],
      page: [
        await refusing({ status: 200, body: '<!DOCTYPE html><form>' }),
        'error',
        'a web page answers instead of ComfyUI’s data',
      ],
      plain: [await refusing({ status: 400, body: plain }), 'error', 'the port expects https'],
    };
    const names = Object.keys(answers);
    const server = await start(...names.map((name) => ({ name, url: answers[name]?.[0].url })));

    for (const [name, [gateway, state, words]] of Object.entries(answers)) {
      const worker = await when(
        server,
        (one) => one.name === name && one.reason_text?.code.startsWith('check.'),
      );
      expect(worker, name).toMatchObject({ state, reason: expect.stringContaining(words) });
      expect(worker.reason).not.toContain('secret');
      expect(
        server.lines.find((line) => line.includes(gateway.url) && line.includes(words)),
        name,
      ).toBeDefined();
    }
  });

  it('joins over HTTP with login and authority, and has both after a restart', async () => {
    const gateway = await open({ certificate });
    gateway.refuse = demandAuthorization(toBasic(PASSWORD));
    const server = await start();
    const login = `//studio:${encodeURIComponent(PASSWORD)}@`;
    const body = { name: 'gpu', url: gateway.url.replace('//', login) };

    const refused = await server.ask(server.token, 'POST /api/fleet/workers', { body });
    const tls = { ca: authority.cert, verify: true };
    const made = await server.ask(server.token, 'POST /api/fleet/workers', { body: { ...body, tls } });
    await server.restart();
    const worker = await when(server, isOnline);
    gateway.refuse = demandAuthorization('Bearer new');
    gateway.cut();
    await when(server, hasError);
    const change = { body: { auth: { token: 'new' } } };
    await server.ask(server.token, `PATCH /api/fleet/workers/${worker.worker_id}`, change);

    expect(refused.text).toContain('from an authority that is not trusted here');
    expect(made.status).toBe(201);
    expect(worker.access).toEqual({ login: 'basic', headers: [], own_ca: true, verifies: true });
    expect((await when(server, isOnline)).access.login).toBe('bearer');
    const output = [refused.text, made.text, await readAll(server)].join('\n');
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), toBasic(PASSWORD).slice(6)]) {
      expect(output).not.toContain(secret);
    }
  });
});
