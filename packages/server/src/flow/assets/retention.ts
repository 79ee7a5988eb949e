import { startTimeSlice } from '@comfleet/comfyui';
import type { AssetId } from '@comfleet/contract';
import type { ExpressionBuilder } from 'kysely';
import type { WorkerTables } from '../../fleet/workers/worker-tables.ts';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { every } from '../../platform/lifecycle/every.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { dayOf, dayStartMs } from '../../platform/time/calendar-day.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { writeRollUp } from '../performance/roll-up.ts';
import type { RollupTables } from '../performance/rollup-tables.ts';
import { MEASURED_COLUMNS } from '../performance/task-groups.ts';
import type { TaskTables } from '../tasks/task-tables.ts';
import type { AssetTables } from './asset-tables.ts';
import type { Assets } from './assets.ts';
import type { BlobStore } from './blob-store.ts';

/** Tables with what is removed, and with references to it. */
export interface RetentionTables extends AssetTables, RollupTables, TaskTables, Pick<WorkerTables, 'worker'> {
  workflow_version: { id: string; graph_hash: string };
}

export interface RetentionDeps {
  database: Database<RetentionTables>;
  blobs: BlobStore;
  assets: Assets;
  clock: Clock;
  logger: Logger;
}

export interface RetentionLimits {
  /** Ended tasks with their attempts and events. */
  tasksMs: number;
  /** Results; null: until deleted. */
  outputsMs: number | null;
  /** The zone in which days begin: quotas and statistics count tasks by day, and those of today stay until it is over. */
  timeZone: string;
}

const SWEEP_MS = 60_000;
const PAGE = 200;
/** Time limit of one sweep; the rest waits for the next one. */
const ROUND_MS = 30_000;
/** A blob without a record may be on its way to one: only old ones are removed. */
const BLOB_GRACE_MS = 3_600_000;
const IDEMPOTENCY_MS = 24 * 3_600_000;

/** Removes what is no longer needed, every minute. What a waiting or running task needs stays. */
export function openRetention(scope: Scope, deps: RetentionDeps, limits: () => RetentionLimits): void {
  every(
    scope,
    { name: 'retention', intervalMs: SWEEP_MS, clock: deps.clock, logger: deps.logger },
    (signal) => sweepOnce(deps, limits(), signal),
  );
}

/** One pass over everything that has a limit: page by page, until nothing is due, the time is up, or `signal` aborts. */
export async function sweepOnce(
  deps: RetentionDeps,
  limits: RetentionLimits,
  signal?: AbortSignal,
): Promise<void> {
  const { database, clock } = deps;
  const now = database.nowMs();
  const { outputsMs } = limits;
  const sweepAll = createRound(clock, signal);
  const todayMs = dayStartMs(dayOf(now, limits.timeZone), limits.timeZone);
  const endedBefore = Math.min(now - limits.tasksMs, todayMs);
  const tasks = await sweepAll(() => purgeTasks(database, endedBefore, limits.timeZone));
  const texts = await sweepAll(() => purgeTexts(database, now - Math.max(limits.tasksMs, BLOB_GRACE_MS)));
  const uploads = await sweepAll(removeExpired(deps, now));
  const outputs =
    outputsMs === null ? 0 : await sweepAll(() => removeOutputs(database, now - outputsMs, now));
  const blobs = await sweepAll(removeUnusedBlobs(deps, now));
  if (!signal?.aborted) await dropOldKeys(database, now - IDEMPOTENCY_MS);
  if (tasks + texts + uploads + outputs + blobs > 0)
    deps.logger.info('retention.swept', { tasks, texts, uploads, outputs, blobs });
}

/** Result of one page: how many items it checked, fewer than a page on the last one, and how many it removed. */
interface Page {
  found: number;
  removed: number;
}

/** Takes page after page, letting others in between; returns how many were removed. */
function createRound(
  clock: Clock,
  signal?: AbortSignal,
): (sweepPage: () => Promise<Page>) => Promise<number> {
  const endMs = clock.monotonicMs() + ROUND_MS;
  const slice = startTimeSlice(clock);
  return async (sweepPage) => {
    let removed = 0;
    for (let found = PAGE; found >= PAGE && clock.monotonicMs() < endMs && !signal?.aborted; ) {
      const page = await sweepPage();
      found = page.found;
      removed += page.removed;
      await slice.yieldIfSpent();
    }
    return removed;
  };
}

const removedAll = (count: number): Page => ({ found: count, removed: count });

/** What is measured of the tasks stays, in the same commit. */
async function purgeTasks(
  database: Database<RetentionTables>,
  beforeMs: number,
  timeZone: string,
): Promise<Page> {
  const { k } = database;
  // The oldest first: a page then touches the sums of few days.
  const old = await database.read(
    k
      .selectFrom('task')
      .select(MEASURED_COLUMNS)
      .where('ended_at', '<', beforeMs)
      .orderBy('ended_at')
      .limit(PAGE),
  );
  const ids = old.map((task) => task.id);
  if (ids.length === 0) return removedAll(0);
  const outcome = await database.commit([
    ...(await writeRollUp(database, old, timeZone)),
    { query: k.deleteFrom('task_event').where('task_id', 'in', ids) },
    { query: k.deleteFrom('attempt').where('task_id', 'in', ids) },
    { query: k.deleteFrom('attempt_fingerprint').where('task_id', 'in', ids) },
    { query: k.deleteFrom('task_secret').where('task_id', 'in', ids) },
    { query: k.deleteFrom('task_input').where('task_id', 'in', ids) },
    { query: k.deleteFrom('task_warning').where('task_id', 'in', ids) },
    { query: k.deleteFrom('task').where('id', 'in', ids), rows: ids.length },
  ]);
  // Refused if another server removed some of them: the next sweep sees what is left.
  return removedAll(outcome.kind === 'committed' ? ids.length : 0);
}

/** Removes graphs and object_infos that no task, workflow version or worker refers to. */
async function purgeTexts(database: Database<RetentionTables>, beforeMs: number): Promise<Page> {
  const { k } = database;
  const isUnused = (eb: ExpressionBuilder<RetentionTables, 'stored_text'>) =>
    eb.and([
      eb('stored_text.created_at', '<', beforeMs),
      eb.not(
        eb.exists(
          eb.selectFrom('task').select('task.id').whereRef('task.graph_hash', '=', 'stored_text.hash'),
        ),
      ),
      eb.not(
        eb.exists(
          eb
            .selectFrom('workflow_version')
            .select('workflow_version.id')
            .whereRef('workflow_version.graph_hash', '=', 'stored_text.hash'),
        ),
      ),
      eb.not(
        eb.exists(
          eb
            .selectFrom('worker')
            .select('worker.id')
            .whereRef('worker.object_info_hash', '=', 'stored_text.hash'),
        ),
      ),
    ]);
  const unused = await database.read(k.selectFrom('stored_text').select('hash').where(isUnused).limit(PAGE));
  const hashes = unused.map((text) => text.hash);
  if (hashes.length === 0) return removedAll(0);
  // Asked again in the statement itself: one reused in the meantime is young and stays.
  await database.commit([{ query: k.deleteFrom('stored_text').where('hash', 'in', hashes).where(isUnused) }]);
  return removedAll(hashes.length);
}

/** Removes expired uploads; those that a task still needs are left for a later pass. */
function removeExpired({ database, assets, logger }: RetentionDeps, now: number): () => Promise<Page> {
  let last: { id: AssetId; expires_at: number | null } | null = null;
  return async () => {
    const expired = await listExpired(database, now, last);
    last = expired.at(-1) ?? last;
    let removed = 0;
    for (const { id } of expired) {
      try {
        await assets.removeUnneeded(id);
        removed += 1;
      } catch (thrown) {
        const isNeeded = thrown instanceof AppError && thrown.code === 'CONFLICT';
        if (!isNeeded) logger.warn('retention.failed', { assetId: id, error: thrown });
      }
    }
    return { found: expired.length, removed };
  };
}

function listExpired(
  database: Database<RetentionTables>,
  now: number,
  after: { id: AssetId; expires_at: number | null } | null,
) {
  let query = database.k
    .selectFrom('asset')
    .select(['id', 'expires_at'])
    .where('expires_at', '<=', now)
    .where('deleted_at', 'is', null)
    .orderBy('expires_at')
    .orderBy('id')
    .limit(PAGE);
  if (after)
    query = query.where((eb) =>
      eb.or([
        eb('expires_at', '>', after.expires_at),
        eb.and([eb('expires_at', '=', after.expires_at), eb('id', '>', after.id)]),
      ]),
    );
  return database.read(query);
}

async function removeOutputs(
  database: Database<RetentionTables>,
  beforeMs: number,
  now: number,
): Promise<Page> {
  const { k } = database;
  const old = await database.read(
    k
      .selectFrom('asset')
      .select('id')
      .where('kind', '<>', 'upload')
      .where('created_at', '<', beforeMs)
      .where('deleted_at', 'is', null)
      .limit(PAGE),
  );
  const ids = old.map((asset) => asset.id);
  if (ids.length > 0)
    await database.commit([
      { query: k.updateTable('asset').set({ deleted_at: now }).where('id', 'in', ids) },
    ]);
  return removedAll(ids.length);
}

/**
 * Removes blobs without a live record: first the bytes, unless they were used recently; then the row, unless the same bytes were
 * recorded again in the meantime.
 */
function removeUnusedBlobs({ database, blobs }: RetentionDeps, now: number): () => Promise<Page> {
  const { k } = database;
  const isUnused = (eb: ExpressionBuilder<RetentionTables, 'blob'>) =>
    eb.not(
      eb.exists(
        eb
          .selectFrom('asset')
          .select('asset.id')
          .whereRef('asset.blob_hash', '=', 'blob.hash')
          .where('asset.deleted_at', 'is', null),
      ),
    );
  let after = '';
  return async () => {
    const unused = await database.read(
      k
        .selectFrom('blob')
        .select('hash')
        .where('created_at', '<', now - BLOB_GRACE_MS)
        .where('hash', '>', after)
        .where(isUnused)
        .orderBy('hash')
        .limit(PAGE),
    );
    after = unused.at(-1)?.hash ?? after;
    let removed = 0;
    for (const { hash } of unused) {
      if (!(await blobs.removeUnused(hash, BLOB_GRACE_MS))) continue;
      await database.commit([{ query: k.deleteFrom('blob').where('hash', '=', hash).where(isUnused) }]);
      removed += 1;
    }
    return { found: unused.length, removed };
  };
}

async function dropOldKeys(database: Database<RetentionTables>, beforeMs: number): Promise<void> {
  await database.commit([{ query: database.k.deleteFrom('idempotency').where('created_at', '<', beforeMs) }]);
}
