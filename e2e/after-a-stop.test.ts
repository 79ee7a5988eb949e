import { copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Database,
  openDatabase,
  Scope,
  silentLogger,
  systemClock,
  systemRandom,
  type Tables,
} from '@comfleet/server';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { picture } from './support/graphs.ts';

let rig: RunningServer;
let taskId: string;

beforeAll(async () => {
  rig = await startServer();
  taskId = (await rig.run(rig.token, { graph: picture() })).task_id;
  await rig.stop();
});
afterAll(() => rig?.close());

test('DB4 after a stop the database file alone holds every row', async () => {
  const backup = join(rig.folder, 'backup');
  await mkdir(backup);
  await copyFile(join(rig.dataDir, 'comfleet.db'), join(backup, 'comfleet.db'));

  const scope = new Scope('backup', systemClock, silentLogger);
  const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const place = { driver: 'sqlite', file: join(backup, 'comfleet.db') } as const;
  const options = { database: place, durability: 'power' } as const;
  const database: Database<Tables> = await openDatabase(scope, options, deps);
  const rows = await database.read(database.k.selectFrom('task').select(['id', 'state']));
  await scope.close();

  expect(rows.map((row) => ({ ...row }))).toEqual([{ id: taskId, state: 'succeeded' }]);
  const wal = await stat(join(rig.dataDir, 'comfleet.db-wal')).catch(() => ({ size: 0 }));
  expect(wal.size).toBe(0);
});

test('the log says when and why the server stopped', async () => {
  const text = await readFile(join(rig.dataDir, 'logs', 'system.log'), 'utf8');

  const lines = text.trimEnd().split('\n');
  const stop = lines.map((line) => JSON.parse(line)).filter(({ event }) => event.startsWith('server.'));

  const cause = 'This operation was aborted';
  expect(stop).toMatchObject([
    { event: 'server.stopping', cause },
    { event: 'server.stopped', cause },
  ]);
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual(stop[1]);
});
