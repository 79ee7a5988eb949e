import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openConfig } from '../../app/settings.ts';
import { Scope } from '../lifecycle/scope.ts';
import { silentLogger } from '../logging/logger.ts';
import { systemClock } from '../time/clock.ts';

let folder = '';
let scope = new Scope('test', systemClock, silentLogger);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-config-'));
  scope = new Scope('test', systemClock, silentLogger);
});

afterEach(async () => {
  await scope.close();
  await rm(folder, { recursive: true });
});

async function openFile(text: string) {
  const file = join(folder, 'config.yaml');
  await writeFile(file, text);
  const source = { file, environment: {}, cwd: folder };
  const { store } = await openConfig(source, silentLogger);
  return { file, store };
}

test('CF3 a replaced file is noticed and applied', async () => {
  const { file, store } = await openFile('workers: [{ url: "http://a:8188" }]');
  expect(await store.stamps.findChange()).toBeNull();
  await writeFile(`${file}.new`, 'workers: [{ url: "http://b:8188" }]');
  await rename(`${file}.new`, file);
  expect(await store.stamps.findChange()).not.toBeNull();
  await store.reload();
  expect(store.current.workers.map((worker) => worker.name)).toEqual(['b:8188']);
  expect(await store.stamps.findChange()).toBeNull();
});

test('P16 CF3 an invalid file keeps the last good configuration', async () => {
  const { file, store } = await openFile('workers: [{ url: "http://a:8188" }]');
  await writeFile(file, 'workers: [{ url: 5 }]');
  const outcome = await store.reload();
  expect(outcome.kind).toBe('refused');
  expect(store.current.workers.map((worker) => worker.name)).toEqual(['a:8188']);
});

test('a reload says which changes need a restart', async () => {
  const { file, store } = await openFile('server: { port: 8000 }');
  await writeFile(file, 'server: { port: 8001 }');
  expect(await store.reload()).toEqual({
    kind: 'changed',
    inForce: [],
    needsRestart: ['server'],
    overridden: [],
  });
});

test.each([
  ['time_zone', 'time_zone: Asia/Shanghai'],
  ['nodes.health_check', 'nodes: { health_check: { interval: 9 } }'],
  ['instances', 'instances: { startup_timeout_seconds: 9 }'],
  ['limits.graph_body_bytes', 'limits: { graph_body_bytes: 2048 }'],
  ['comfyui.output_access', 'comfyui: { output_access: group }'],
])('CF3 a change of %s says that it needs a restart', async (key, text) => {
  const { file, store } = await openFile('');
  await writeFile(file, text);
  expect(await store.reload()).toEqual({ kind: 'changed', inForce: [], needsRestart: [key], overridden: [] });
});

test('what is followed while running needs no restart, nor does what is as it was at the start again', async () => {
  const { file, store } = await openFile('nodes: { health_check: { interval: 2 } }');
  await writeFile(file, 'comfyui: { host: "a" }\nnodes: { health_check: { interval: 1 } }');
  const changed = await store.reload();
  await writeFile(
    file,
    'comfyui: { host: "b" }\nnodes: { health_check: { interval: 2 }, load_balancing: { aging_seconds: 9 } }',
  );
  const back = await store.reload();

  expect(changed).toEqual({
    kind: 'changed',
    inForce: ['comfyui.host'],
    needsRestart: ['nodes.health_check'],
    overridden: [],
  });
  expect(back).toEqual({
    kind: 'changed',
    inForce: ['comfyui.host', 'nodes.load_balancing.aging_seconds'],
    needsRestart: [],
    overridden: [],
  });
});

test('CF3 a file that comes later is noticed and taken over, over the port that was free; one that goes is refused', async () => {
  const file = join(folder, 'config.yaml');
  const fallbacks = { server: { port: 8001 } };
  const source = { file, isOptional: true, environment: {}, cwd: folder, fallbacks };
  const { store } = await openConfig(source, silentLogger);
  expect([store.current.file, store.current.server.port]).toEqual([null, 8001]);
  expect(await store.stamps.findChange()).toBeNull();

  await writeFile(file, 'server: { port: 9000 }\nworkers: [{ url: "http://a:8188" }]');
  expect(await store.stamps.findChange()).not.toBeNull();
  expect(await store.reload()).toEqual({
    kind: 'changed',
    inForce: ['workers'],
    needsRestart: ['server'],
    overridden: [],
  });
  expect(store.current.file).toBe(file);

  await rm(file);
  expect((await store.reload()).kind).toBe('refused');
  expect(store.current.workers).toHaveLength(1);
  expect(store.problems()).toEqual([
    expect.objectContaining({ file, line: null, message: expect.stringContaining('cannot be read') }),
  ]);
});

test('files that a configuration names are its files too', async () => {
  await writeFile(join(folder, 'more.yaml'), 'task_types: {}');
  const { store } = await openFile('workflow_files: [more.yaml]');
  expect(await store.stamps.findChange()).toBeNull();
  await writeFile(join(folder, 'more.yaml'), 'task_types: { t: {} }');
  expect(await store.stamps.findChange()).toContain('more.yaml');
});

test('a reload of the same content changes nothing', async () => {
  const { store } = await openFile('server: { port: 8000 }');
  expect(await store.reload()).toEqual({ kind: 'unchanged', overridden: [] });
});
