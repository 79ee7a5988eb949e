import { SettlingClock } from '@comfleet/test-kit';
import { beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import { openConfigStore } from '../../../test/kit/open-config-store.ts';
import { openSettings } from '../../app/open-settings.ts';
import { SETTING_RULES } from '../../app/setting-rules.ts';
import type { Tables } from '../../app/tables.ts';
import type { Database } from '../database/database.ts';
import { type Logger, silentLogger } from '../logging/logger.ts';

const ANN = { principalId: named<'principal'>('01900000-0000-7000-8000-0000000000a1') };
const BOB = { principalId: named<'principal'>('01900000-0000-7000-8000-0000000000b2') };
const PAGE = { limit: 100, before: null };

let database: Database<Tables>;
beforeEach(async () => {
  database = await openMemoryDatabase(new SettlingClock());
});

async function open(text = '', options: { environment?: Record<string, string>; logger?: Logger } = {}) {
  const config = openConfigStore(text, options);
  return { ...config, settings: await openSettings(config.store, database) };
}

test('CF5 a change is in force at once, says who made it, and survives a restart', async () => {
  const { settings, store } = await open('limits: { graph_nodes: 50 }');
  const told: number[] = [];
  store.onChange(({ graphLimits }) => void told.push(graphLimits.nodes));
  await settings.set('limits.graph_nodes', 70, ANN);

  expect([store.current.graphLimits.nodes, told]).toEqual([70, [70]]);
  const again = await open('limits: { graph_nodes: 50 }');
  expect(again.store.current.graphLimits.nodes).toBe(70);
  expect(again.settings.find('limits.graph_nodes')).toMatchObject({
    value: 70,
    source: 'run_time',
    fileValue: 50,
    default: 10_000,
    changed: { principalId: ANN.principalId },
  });
});

test('CF5 a reset returns to what the file says by then', async () => {
  const { settings, store, edit } = await open('limits: { graph_nodes: 50 }');
  await settings.set('limits.graph_nodes', 70, ANN);
  edit('limits: { graph_nodes: 60 }');
  expect(await store.reload()).toEqual({ kind: 'unchanged', overridden: ['limits.graph_nodes'] });
  expect(store.current.graphLimits.nodes).toBe(70);
  await settings.reset('limits.graph_nodes', ANN);

  expect(settings.find('limits.graph_nodes')).toMatchObject({ value: 60, source: 'file', changed: null });
});

test.each([
  ['limits.graph_nodes', 0],
  ['limits.graph_nodes', 'many'],
  ['limits.graph_nodes', null],
  ['limits.graph_nodes', { deep: 1 }],
  ['nodes.load_balancing.strategy', 'telepathy'],
  ['time_zone', 'Mars/Olympus'],
])('CF5 %s cannot become %j: its problem is named, and nothing is changed', async (key, value) => {
  const { settings, store } = await open();
  const before = store.current;
  await expect(settings.set(key, value, ANN)).rejects.toMatchObject({
    code: 'SETTING_INVALID',
    details: { setting: key, problems: [{ file: null, line: null, message: expect.stringContaining(key) }] },
  });
  expect(store.current).toBe(before);
  expect([await settings.history(null, PAGE), settings.find(key).changed]).toEqual([[], null]);
});

test('CF5 a value is refused that only the rest of the configuration forbids', async () => {
  const { settings } = await open('nodes: { discovery_mode: hybrid, dns: [{ name: workers.lan }] }');
  await expect(settings.set('nodes.discovery_mode', 'static', ANN)).rejects.toMatchObject({
    code: 'SETTING_INVALID',
    details: { problems: [{ line: 1, message: expect.stringContaining('nodes.dns') }] },
  });
});

test('CF5 the environment wins, and a change is refused with its name', async () => {
  await (await open()).settings.set('logging.level', 'debug', ANN);
  const { settings, store } = await open('', { environment: { COMFLEET__LOGGING: '{ level: warn }' } });
  expect(store.current.logging.level).toBe('warn');
  expect(settings.find('logging.level')).toMatchObject({
    value: 'warn',
    source: 'environment',
    variable: 'COMFLEET__LOGGING',
  });
  await expect(settings.set('logging.level', 'info', ANN)).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { owned_by: 'COMFLEET__LOGGING' },
  });
  await settings.reset('logging.level', ANN);
  expect((await open()).settings.find('logging.level').source).toBe('default');
});

test('CF5 changes at the same time leave a history without gaps, each from the value before it', async () => {
  const { settings } = await open();
  const values = Array.from({ length: 20 }, (_, index) => 100 + index);
  await Promise.all(
    values.map((value, index) => settings.set('limits.graph_nodes', value, index % 2 ? ANN : BOB)),
  );
  const changes = [...(await settings.history(null, PAGE))].reverse();

  expect(changes.map(({ number }) => number)).toEqual(values.map((_, index) => index + 1));
  expect(changes.map(({ before }) => before)).toEqual([
    10_000,
    ...changes.slice(0, -1).map(({ after }) => after),
  ]);
  expect(settings.find('limits.graph_nodes').value).toBe(changes.at(-1)?.after);
});

test('of two changes that expect the same value, one is refused', async () => {
  const { settings } = await open();
  const seen = { expected: { value: 10_000 } };
  const outcomes = await Promise.allSettled([
    settings.set('limits.graph_nodes', 1, { ...ANN, ...seen }),
    settings.set('limits.graph_nodes', 2, { ...BOB, ...seen }),
  ]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject({
    code: 'CONFLICT',
    details: { expected: 10_000, current: 1 },
  });
  expect(await settings.history(null, PAGE)).toHaveLength(1);
});

test('CF5 what is read at the start is stored, and shown as in force only after a restart', async () => {
  const { settings } = await open('nodes: { health_check: { interval: 9 } }');
  await settings.set('nodes.health_check.interval', 3, ANN);
  expect(settings.find('nodes.health_check.interval')).toMatchObject({
    value: 9,
    afterRestart: { value: 3 },
    needsRestart: true,
    source: 'run_time',
  });
  const again = await open('nodes: { health_check: { interval: 9 } }');
  expect(again.settings.find('nodes.health_check.interval')).toMatchObject({ value: 3, afterRestart: null });
});

test('CF5 a stored value that is not valid any more is left out with an error in the log, and the rest applies', async () => {
  const { settings } = await open();
  await settings.set('limits.graph_nodes', 70, ANN);
  await settings.set('logging.level', 'warn', ANN);
  await database.commit([
    {
      query: database.k.updateTable('overlay').set({ value: '-1' }).where('name', '=', 'limits.graph_nodes'),
    },
  ]);
  const errors: object[] = [];
  const logger: Logger = { ...silentLogger, error: (event, fields) => errors.push({ event, ...fields }) };
  const again = await open('', { logger });

  expect([again.store.current.graphLimits.nodes, again.store.current.logging.level]).toEqual([
    10_000,
    'warn',
  ]);
  expect(errors).toMatchObject([{ event: 'setting.left_out', setting: 'limits.graph_nodes', value: -1 }]);
  expect(again.settings.find('limits.graph_nodes')).toMatchObject({
    value: 10_000,
    source: 'default',
    leftOut: { value: -1, problems: [{ message: expect.stringContaining('limits.graph_nodes') }] },
  });
  await again.settings.set('limits.graph_nodes', 80, ANN);
  expect(again.settings.find('limits.graph_nodes')).toMatchObject({ value: 80, leftOut: null });
});

test('P16 while the file is not valid, a change is laid over the last good one', async () => {
  const { settings, store, edit } = await open('limits: { graph_problems: 7 }');
  edit('limits: { graph_problems: none');
  expect((await store.reload()).kind).toBe('refused');
  await settings.set('limits.graph_nodes', 70, ANN);

  expect(store.current.graphLimits).toMatchObject({ nodes: 70, problems: 7 });
  expect(store.problems()).not.toEqual([]);
});

test.each([
  ['server.host', 'address'],
  ['data_dir', 'path'],
  ['database.password', 'database'],
  ['auth.secret_key', 'secret'],
  ['auth.enable_client_auth', 'access'],
  ['workers', 'objects'],
  ['instances.python', 'process'],
])('%s cannot be changed at run time: %s', async (key, reason) => {
  const { settings } = await open();
  await expect(settings.set(key, 'x', ANN)).rejects.toMatchObject({
    code: 'SETTING_READ_ONLY',
    details: { setting: key, reason },
  });
});

test('SE21 secrets and lists that may hold some are never shown, only whether they are set', async () => {
  const { settings } = await open(
    [
      'auth: { secret_key: canary-canary-canary-canary-canary-1 }',
      'nodes: { discovery_mode: hybrid, join_token: canary-canary-canary-canary-canary-2 }',
      'workers: [{ url: "http://ann:canary@a:8188" }]',
    ].join('\n'),
    { environment: { COMFLEET__DATABASE__PASSWORD: 'canary', COMFLEET__DATABASE__DRIVER: 'sqlite' } },
  );
  const listed = settings.list();
  expect(JSON.stringify(listed)).not.toContain('canary');
  const set = listed.filter(({ isHidden, isSet }) => isHidden && isSet).map(({ key }) => key);
  expect(set).toEqual(['database.password', 'auth.secret_key', 'nodes.join_token', 'workers']);
});

test('every setting has a key of its own, a description in both languages, and a text for no secret', async () => {
  const listed = (await open()).settings.list();
  expect(new Set(listed.map(({ key }) => key)).size).toBe(listed.length);
  expect(
    listed.filter(({ description: { en, zh } }) => en === '' || zh === en).map(({ key }) => key),
  ).toEqual([]);
  expect(SETTING_RULES.permission('auth.registration')).toBe('people.manage');
});
