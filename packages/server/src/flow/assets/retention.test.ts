import type { AssetId } from '@comfleet/contract';
import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import { createAssetRow, createAttemptRow, createTaskRow } from '../../../test/kit/rows.ts';
import { parseConfig } from '../../app/settings.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import {
  writeFingerprint,
  writeNewAttempt,
  writeNewTask,
  writeTaskInputs,
  writeTaskWarnings,
} from '../tasks/task-rows.ts';
import { writeAsset, writeBlob } from './asset-rows.ts';
import { Assets } from './assets.ts';
import type { BlobStore } from './blob-store.ts';
import { type RetentionLimits, sweepOnce } from './retention.ts';

const DAY = 24 * 3_600_000;
const TABLES = [
  'task',
  'attempt',
  'attempt_fingerprint',
  'task_event',
  'task_input',
  'task_warning',
] as const;
const LIMITS: RetentionLimits = { tasksMs: 90 * DAY, outputsMs: null, timeZone: 'UTC' };

/** An empty database on a clock that has advanced 100 days; `removed` lists deleted blobs. */
async function openSweep(put?: BlobStore['put']) {
  const clock = new FakeClock();
  const beganMs = clock.nowMs();
  clock.advance(100 * DAY);
  const database = await openMemoryDatabase(clock);
  const removed: string[] = [];
  const blobs: Pick<BlobStore, 'removeUnused'> = {
    removeUnused: async (hash) => {
      removed.push(hash);
      return true;
    },
  };
  const unusable = (): never => {
    throw new Error('retention has no business with this');
  };
  const store: BlobStore = {
    put: put ?? unusable,
    open: unusable,
    has: unusable,
    linkTo: unusable,
    ...blobs,
  };
  const assets = new Assets({
    database,
    blobs: store,
    createId: unusable,
    inputDir: null,
    admission: { upload: (_owner, _bytes, store) => store(() => undefined) },
    limits: parseConfig('', { file: null, environment: {}, cwd: '/' }).config.assetLimits,
  });
  const sweep = (limits: RetentionLimits = LIMITS, signal?: AbortSignal) =>
    sweepOnce({ database, blobs: store, assets, clock, logger: silentLogger }, limits, signal);
  const list = async (table: (typeof TABLES)[number]) =>
    (await database.read(database.k.selectFrom(table).selectAll())).length;
  const addAsset = (row: ReturnType<typeof createAssetRow>) =>
    database.commit([
      writeBlob(database, { hash: row.blob_hash, size_bytes: 4, created_at: beganMs }),
      writeAsset(database.k, row),
    ]);
  const listAssets = async () => {
    const rows = await database.read(
      database.k.selectFrom('asset').selectAll().where('deleted_at', 'is', null),
    );
    return rows.map((row) => row.name);
  };
  return { clock, database, beganMs, removed, sweep, list, addAsset, listAssets, blobs: store, assets };
}

const asId = (text: string) => text as AssetId;

describe('retention', () => {
  test('TQ17 an ended task older than the limit is deleted with its attempts, their fingerprints, events, inputs and warnings', async () => {
    const { database, beganMs, sweep, list } = await openSweep();
    const task = createTaskRow({ state: 'succeeded', ended_at: beganMs });
    await database.commit([
      ...writeNewTask(database.k, task, []),
      writeNewAttempt(database.k, createAttemptRow()),
      writeFingerprint(database.k, {
        task_id: task.id,
        attempt_id: createAttemptRow().id,
        fingerprint: '{}',
      }),
      ...writeTaskInputs(database.k, task.id, [{ assetId: asId('input') }]),
      writeTaskWarnings(database.k, { task_id: task.id, source: 'attempt', warnings: [], at: beganMs }),
    ]);

    await sweep();

    for (const table of TABLES) expect(await list(table)).toBe(0);
  });

  test('TQ17 a configured 86400 s is honoured', async () => {
    const { clock, database, sweep, list } = await openSweep();
    const ended = createTaskRow({ state: 'failed', ended_at: clock.nowMs() });
    await database.commit(writeNewTask(database.k, ended, []));

    clock.advance(86_400_000);
    await sweep({ ...LIMITS, tasksMs: 86_400_000 });
    const atTheLimit = await list('task');
    clock.advance(1);
    await sweep({ ...LIMITS, tasksMs: 86_400_000 });

    expect([atTheLimit, await list('task')]).toEqual([1, 0]);
  });

  test('a task that has not ended stays however old it is', async () => {
    const { database, beganMs, sweep, list } = await openSweep();
    await database.commit(
      writeNewTask(database.k, createTaskRow({ state: 'held', created_at: beganMs }), []),
    );

    await sweep({ ...LIMITS, tasksMs: 1 });

    expect(await list('task')).toBe(1);
  });

  test('bytes of a refused upload are deleted after an hour', async () => {
    const text = { hash: 'refused', sizeBytes: 4, isNew: true, head: Buffer.from('text') };
    const { assets, clock, removed, sweep } = await openSweep(async () => text);
    const refused = assets.create({
      ownerId: named('owner'),
      name: 'a.png',
      contentType: 'image/png',
      bytes: (async function* () {})(),
      filePath: null,
      tags: [],
      expectedHash: null,
      lifeMs: null,
      accept: 'picture',
    });
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED_MEDIA' });

    await sweep();
    expect(removed).toEqual([]);
    clock.advance(3_600_001);
    await sweep();
    expect(removed).toEqual(['refused']);
  });

  test('RS12 results stay until deleted unless a limit is set, then they and their bytes go', async () => {
    const { beganMs, removed, sweep, addAsset, listAssets } = await openSweep();
    await addAsset(createAssetRow({ name: 'old.png', blob_hash: 'old', created_at: beganMs }));
    await addAsset(
      createAssetRow({ id: asId('new'), name: 'new.png', blob_hash: 'new', created_at: beganMs + 99 * DAY }),
    );

    await sweep();
    expect(await listAssets()).toEqual(['old.png', 'new.png']);
    await sweep({ ...LIMITS, outputsMs: 30 * DAY });

    expect(await listAssets()).toEqual(['new.png']);
    expect(removed).toEqual(['old']);
  });

  test('RS12 an upload is deleted at its time, except while a task needs it', async () => {
    const { database, beganMs, sweep, addAsset, listAssets } = await openSweep();
    const upload = { kind: 'upload', task_id: null, created_at: beganMs, expires_at: beganMs + 7 * DAY };
    await addAsset(createAssetRow({ ...upload, id: asId('needed-id'), name: 'needed.png', blob_hash: 'a' }));
    await addAsset(createAssetRow({ ...upload, id: asId('unneeded'), name: 'unneeded.png', blob_hash: 'b' }));
    const task = createTaskRow({ state: 'queued' });
    const inputs = writeTaskInputs(database.k, task.id, [{ assetId: asId('needed-id') }]);
    await database.commit([...writeNewTask(database.k, task, []), ...inputs]);

    await sweep();

    expect(await listAssets()).toEqual(['needed.png']);
  });

  test('RS12 uploads that cannot be deleted do not block those after them', async () => {
    const { database, beganMs, sweep, addAsset, listAssets } = await openSweep();
    const upload = { kind: 'upload', task_id: null, created_at: beganMs, expires_at: beganMs + 7 * DAY };
    const needed = Array.from({ length: 250 }, (_, index) => asId(`a${index}`));
    for (const id of needed) await addAsset(createAssetRow({ ...upload, id, name: id, blob_hash: id }));
    await addAsset(createAssetRow({ ...upload, id: asId('z'), name: 'z', blob_hash: 'z' }));
    const task = createTaskRow({ state: 'running' });
    const inputs = writeTaskInputs(
      database.k,
      task.id,
      needed.map((assetId) => ({ assetId })),
    );
    await database.commit([...writeNewTask(database.k, task, []), ...inputs]);

    await sweep();

    expect((await listAssets()).sort()).toEqual([...needed].sort());
  });

  test('TQ17 one pass purges everything that is due, however much', async () => {
    const { database, beganMs, sweep, list } = await openSweep();
    for (let index = 0; index < 450; index += 1) {
      const id = named<'task'>(`task-${index}`);
      const task = createTaskRow({ id, state: 'succeeded', ended_at: beganMs });
      await database.commit(writeNewTask(database.k, task, []));
    }

    await sweep();

    expect(await list('task')).toBe(0);
  });

  test('a sweep ends when the server stops', async () => {
    const { database, beganMs, sweep, list } = await openSweep();
    const task = createTaskRow({ state: 'succeeded', ended_at: beganMs });
    await database.commit(writeNewTask(database.k, task, []));

    await sweep(LIMITS, AbortSignal.abort());

    expect(await list('task')).toBe(1);
  });

  test('an upload whose id a task merely carries as text is not kept by it', async () => {
    const { database, beganMs, sweep, addAsset, listAssets } = await openSweep();
    const upload = { kind: 'upload', task_id: null, created_at: beganMs, expires_at: beganMs + 7 * DAY };
    await addAsset(createAssetRow({ ...upload, id: asId('named'), name: 'named.png', blob_hash: 'a' }));
    const requirements = '{"models":[{"folder":"loras","name":"named"}],"inputs":[]}';
    await database.commit(writeNewTask(database.k, createTaskRow({ state: 'queued', requirements }), []));

    await sweep();

    expect(await listAssets()).toEqual([]);
  });

  test('bytes that another record shares stay', async () => {
    const { beganMs, removed, sweep, addAsset } = await openSweep();
    await addAsset(createAssetRow({ id: asId('one'), blob_hash: 'shared', created_at: beganMs }));
    await addAsset(createAssetRow({ id: asId('two'), blob_hash: 'shared', created_at: beganMs + 99 * DAY }));

    await sweep({ ...LIMITS, outputsMs: 30 * DAY });

    expect(removed).toEqual([]);
  });

  test('bytes without a record are left alone for an hour: a record may be on its way', async () => {
    const { clock, database, removed, sweep } = await openSweep();
    await database.commit([writeBlob(database, { hash: 'fresh', size_bytes: 4, created_at: clock.nowMs() })]);

    await sweep();
    const atOnce = [...removed];
    clock.advance(3_600_001);
    await sweep();

    expect([atOnce, removed]).toEqual([[], ['fresh']]);
  });

  test('bytes that are recorded again during the sweep keep their row', async () => {
    const { database, beganMs, sweep, addAsset, blobs } = await openSweep();
    await database.commit([writeBlob(database, { hash: 'again', size_bytes: 4, created_at: beganMs })]);
    blobs.removeUnused = async () => {
      await addAsset(createAssetRow({ blob_hash: 'again' }));
      return true;
    };

    await sweep();

    expect(
      (await database.read(database.k.selectFrom('blob').select('hash'))).map(({ hash }) => hash),
    ).toEqual(['again']);
  });

  test('P2 idempotency keys are forgotten after a day', async () => {
    const { clock, database, sweep } = await openSweep();
    const key = {
      owner_id: named<'principal'>('owner'),
      door: 'native',
      body_hash: 'hash',
      subject_id: 'task',
    };
    await database.commit([
      {
        query: database.k.insertInto('idempotency').values([
          { ...key, key: 'old', created_at: clock.nowMs() - DAY - 1 },
          { ...key, key: 'young', created_at: clock.nowMs() - DAY + 1 },
        ]),
      },
    ]);

    await sweep();

    expect(await database.read(database.k.selectFrom('idempotency').select('key'))).toEqual([
      { key: 'young' },
    ]);
  });
});
