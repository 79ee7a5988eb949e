import { copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { DatabaseSync } from '@photostructure/sqlite';
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

  const db = new DatabaseSync(join(backup, 'comfleet.db'));
  const rows = db.prepare('select id, state from task').all();
  db.close();

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
