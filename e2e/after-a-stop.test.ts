import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDatabase } from './kill/read-sql.ts';
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
  const file = join(rig.folder, 'backup.db');
  await copyFile(join(rig.dataDir, 'comfleet.db'), file);
  const rows = await withDatabase({ driver: 'sqlite', file }, (database) =>
    database.read(database.k.selectFrom('task').select(['id', 'state'])),
  );

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
