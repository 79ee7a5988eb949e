import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '@comfleet/test-kit';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { skipWhen } from './services/skip-reason.ts';
import { pictureForm, slowPicture } from './support/graphs.ts';
import { missingSmallDisk, openSmallDisk, type SmallDisk } from './support/small-disk.ts';

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/comfleet.js', import.meta.url));
const REFUSED = { status: 503, json: { error: { code: 'STORAGE_FULL', details: { reason: 'ENOSPC' } } } };

describe('a disk without room', skipWhen(missingSmallDisk()), () => {
  let disk: SmallDisk;
  let rig: RunningServer;

  beforeAll(async () => {
    disk = openSmallDisk(24);
    rig = await startServer({ parent: disk.folder, simulators: [{}] });
    await rig.whenOnline();
  });
  afterAll(async () => {
    await rig?.close();
    disk?.remove();
  });

  test('ST3 F7 refuses with 503 and Retry-After, says why, recovers by itself and loses nothing', async () => {
    const graphs = [0.1, 0.11, 0.12, 0.13, 0.14, 0.15].map((seconds) => ({ graph: slowPicture(seconds) }));
    const accepted = await Promise.all(graphs.map((body) => rig.submit(rig.token, body)));

    disk.fill();
    const submitted = await rig.ask(rig.token, 'POST /api/v2/tasks', { body: graphs[0] });
    const uploaded = await rig.ask(rig.token, 'POST /api/fleet/uploads', { body: pictureForm('a.png') });
    const jobs = await rig.ask(rig.token, 'POST /api/v2/jobs', { body: { workflow: slowPicture(0.1) } });
    const ready = await rig.ask(null, 'GET /readyz');
    const health = await rig.ask(null, 'GET /api/health');

    expect([submitted, uploaded]).toMatchObject([REFUSED, REFUSED]);
    expect([submitted, uploaded].map(({ headers }) => headers.get('retry-after'))).toEqual(['10', '10']);
    // The contract has no 503.
    expect([jobs.status, jobs.headers.get('retry-after')]).toEqual([500, '10']);
    expect([ready.status, ready.text]).toEqual([
      503,
      'not ready\nstorage: the disk is full: nothing can be stored until there is room\n',
    ]);
    expect(health).toMatchObject({ status: 503, json: { services: { storage: { status: 'down' } } } });
    await vi.waitFor(() =>
      expect(rig.lines.join('\n')).toContain('is full. Nothing that was accepted is lost'),
    );

    disk.clear();
    const ended = await Promise.all(accepted.map((id) => rig.finish(rig.token, id)));
    expect(ended.map((task) => [task.status, task.results.length])).toEqual(
      accepted.map(() => ['succeeded', 1]),
    );
    await vi.waitFor(async () => expect((await rig.ask(null, 'GET /readyz')).text).toBe('ready\n'), 5000);
    await vi.waitFor(() => expect(rig.lines).toContain('Storage works again.'));
    expect(await rig.run(rig.token, graphs[0])).toMatchObject({ status: 'succeeded' });
    expect(readFileSync(join(rig.dataDir, 'logs', 'system.log'), 'utf8')).toContain('"log.lines_lost"');
  });

  test('ST3 a start on a disk that is read-only says so', async () => {
    const readOnly = openSmallDisk(8);
    readOnly.remount('ro');
    const start = Program.node([COMMAND, 'serve', '--data', join(readOnly.folder, 'data'), '--port', '0']);

    expect((await start.exited).code).toBe(1);
    expect(start.output.join('\n')).toMatch(/STORAGE_FULL: .*disk is full or cannot be written[\s\S]*EROFS/);
    readOnly.remove();
  });
});

describe('a damaged database file', () => {
  let rig: RunningServer;
  afterEach(() => rig?.close());

  test('ST4 is reported while running, with what to do', async () => {
    rig = await startServer({ simulators: [{}] });
    await rig.stop();
    await rig.start();
    for (const name of ['comfleet.db', 'comfleet.db-wal']) spoil(join(rig.dataDir, name), 4096);

    const listed = await rig.ask(rig.token, 'GET /api/v2/tasks');
    const ready = await rig.ask(null, 'GET /readyz');

    expect(listed).toMatchObject({
      status: 503,
      json: { error: { code: 'DATABASE_DAMAGED', details: { file: 'comfleet.db' } } },
    });
    expect(ready.text).toContain('the database file is damaged: stop the server');
    expect(rig.lines.join('\n')).toContain(
      `The database file is damaged: ${join(rig.dataDir, 'comfleet.db')}`,
    );
  });

  test.each([
    ['that is none', 0],
    ['whose pages are spoiled', 4096],
  ])('ST4 %s is reported at the start, with what to do', async (_name, from) => {
    rig = await startServer({ simulators: [{}] });
    await rig.stop();
    const file = join(rig.dataDir, 'comfleet.db');
    spoil(file, from);

    await expect(rig.start()).rejects.toThrow(
      'DATABASE_DAMAGED: The database file is damaged. Stop the server',
    );
    expect(rig.lines.join('\n')).toContain(file);
  });
});

/** Overwrites everything from this offset. */
function spoil(path: string, from: number): void {
  const file = openSync(path, 'r+');
  const length = fstatSync(file).size - from;
  if (length > 0) writeSync(file, Buffer.alloc(length, 0x41), 0, length, from);
  closeSync(file);
}
