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

test('a reload of the same content changes nothing', async () => {
  const { store } = await openFile('server: { port: 8000 }');
  expect(await store.reload()).toEqual({ kind: 'unchanged' });
});
