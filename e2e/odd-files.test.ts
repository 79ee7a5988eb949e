import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { Program } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { slowPicture } from './support/graphs.ts';

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/comfleet.js', import.meta.url));

let folder: string;
let programs: Program[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfleet-odd-'));
  programs = [];
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.stop('SIGKILL')));
  rmSync(folder, { recursive: true });
});

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const program = Program.node([COMMAND, ...args, '--data', join(folder, 'data')], {
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    cwd: folder,
  });
  programs.push(program);
  return program;
}

function makePipe(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  execFileSync('mkfifo', [file]);
  return file;
}

function configure(config: object): string[] {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify({ server: { port: 0 }, ...config }));
  return ['serve', '--config', file];
}

test('ST5 a pipe as configuration, credential, secrets or database is refused at once', async () => {
  const config = run(['serve', '--config', makePipe('pipe.yaml')]);
  expect((await config.exited).code).toBe(78);
  expect(config.tail).toContain('is a pipe (FIFO), not a regular file');

  for (const name of ['secrets.json', 'comfleet.db', 'credential.json']) {
    const pipe = makePipe('data', name);
    const server = run(configure({}));
    expect((await server.exited).code).toBe(1);
    expect(server.tail).toMatch(/is a pipe \(FIFO\), not a regular file|STORAGE_FULL[\s\S]*comfleet\.db/);
    rmSync(join(folder, 'data'), { recursive: true });
    expect(pipe).toContain(name);
  }
});

test('ST5 a pipe or device as a workflow’s graph, or a pipe as the log, is reported, and the rest works', async () => {
  makePipe('data', 'logs', 'system.log');
  const workflows = {
    piped: { name: 'piped', workflow_file: makePipe('graph.json') },
    endless: { name: 'endless', workflow_file: '/dev/zero' },
  };
  const server = run(configure({ task_types: { odd: { enabled: true, workflows } } }));
  const link = await server.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)\/client#code=/);
  await server.waitForLine(/! The log cannot be written/);

  expect((await fetch(`${link}/readyz`)).status).toBe(200);
  expect(await server.stop('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('ST5 SIGTERM ends a start that waits for a database that never responds', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const asked = once(silent, 'connection');
  const { port } = silent.address() as AddressInfo;
  const server = run(
    configure({ database: { driver: 'mysql', host: '127.0.0.1', port, user: 'a', password: 'b' } }),
  );
  const [socket] = await asked;
  const exit = await server.stop('SIGTERM', 10_000);
  socket.destroy();
  silent.close();

  expect(exit).toEqual({ code: 0, signal: null });
});

test('ST6 a task that was claimed but never sent keeps its position when the server is killed', async () => {
  const simulator: Simulator = await openSimulator({ stepMs: 1 });
  try {
    const args = configure({ workers: [{ name: 'gpu', url: simulator.url, max_concurrent: 1 }] });
    const first = run(args, { COMFLEET_FAILPOINT: 'signal@after_claim:1' });
    const api = await connectTo(first);
    const worker = (await api('GET /api/fleet/workers')).workers[0].worker_id;
    const setMaintenance = (on: boolean) => ({
      path: `POST /api/fleet/workers/${worker}/maintenance`,
      body: { on },
    });
    await api(`POST /api/fleet/workers/${worker}/inventory`);
    await api(setMaintenance(true).path, setMaintenance(true).body);
    const ids: string[] = [];
    for (const seconds of [0.1, 0.2, 0.3, 0.4])
      ids.push((await api('POST /api/v2/tasks', { graph: slowPicture(seconds) })).task_id);
    first.signal('SIGUSR2');
    await api(setMaintenance(false).path, setMaintenance(false).body).catch(() => null);
    await first.waitForLine(/failpoint 1 reached/);
    await first.stop('SIGKILL');

    const second = run(args);
    const again = await connectTo(second);
    await again(setMaintenance(false).path, setMaintenance(false).body);
    const load = (id: string) => again(`GET /api/v2/tasks/${id}`);
    await vi.waitFor(async () => {
      const tasks = await Promise.all(ids.map(load));
      expect(tasks.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'));
    }, 20_000);
    const tasks = await Promise.all(ids.map(load));
    const inOrder = [...tasks].sort((a, b) => a.started_at.localeCompare(b.started_at));
    expect(inOrder.map(({ task_id: id }) => id)).toEqual(ids);
  } finally {
    await simulator.close();
  }
});

type Api = (request: string, body?: object) => Promise<ReturnType<typeof JSON.parse>>;

/** Returns a function that calls the HTTP interface of a server, once it has printed its sign-in link. */
async function connectTo(server: Program): Promise<Api> {
  const url = await server.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)\/client#code=/);
  const { token } = JSON.parse(readFileSync(join(folder, 'data', 'credential.json'), 'utf8'));
  return async (request, body) => {
    const [method, path] = request.split(' ');
    const answer = await fetch(`${url}${path}`, {
      ...(method === undefined ? {} : { method }),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(5000),
    });
    return answer.json();
  };
}
