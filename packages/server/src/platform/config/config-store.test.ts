import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Config, openConfig } from '../../app/settings.ts';
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
  const { store } = await openConfig(scope, source, { clock: systemClock, logger: silentLogger });
  return { file, store };
}

test('CF3 a replaced file is taken over while running', async () => {
  const { file, store } = await openFile('workers: [{ url: "http://a:8188" }]');
  const changed = new Promise<Config>((resolve) => store.onChange(resolve));
  await writeFile(`${file}.new`, 'workers: [{ url: "http://b:8188" }]');
  await rename(`${file}.new`, file);
  const config = await changed;
  expect(config.workers.map((worker) => worker.name)).toEqual(['b:8188']);
  expect(store.current).toBe(config);
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
  expect(await store.reload()).toEqual({ kind: 'changed', needsRestart: ['server'] });
});

test.each([
  ['nodes.load_balancing.max_retries', 'nodes: { load_balancing: { max_retries: 1 } }'],
  ['nodes.load_balancing.failover_seconds', 'nodes: { load_balancing: { failover_seconds: 9 } }'],
  ['nodes.load_balancing.enable_failover', 'nodes: { load_balancing: { enable_failover: false } }'],
  ['comfyui.timeout', 'comfyui: { timeout: 60 }'],
  ['retention', 'retention: { tasks_seconds: 3600 }'],
])('CF3 a change of %s says that it needs a restart', async (key, text) => {
  const { file, store } = await openFile('');
  await writeFile(file, text);
  expect(await store.reload()).toEqual({ kind: 'changed', needsRestart: [key] });
});

test('what is followed while running needs no restart, nor does what is as it was at the start again', async () => {
  const { file, store } = await openFile('nodes: { load_balancing: { max_retries: 2 } }');
  await writeFile(file, 'comfyui: { host: "a" }\nnodes: { load_balancing: { max_retries: 1 } }');
  const changed = await store.reload();
  await writeFile(
    file,
    'comfyui: { host: "b" }\nnodes: { load_balancing: { max_retries: 2, aging_seconds: 9 } }',
  );
  const back = await store.reload();

  expect(changed).toEqual({ kind: 'changed', needsRestart: ['nodes.load_balancing.max_retries'] });
  expect(back).toEqual({ kind: 'changed', needsRestart: [] });
});

test('a reload of the same content changes nothing', async () => {
  const { store } = await openFile('server: { port: 8000 }');
  expect(await store.reload()).toEqual({ kind: 'unchanged' });
});
