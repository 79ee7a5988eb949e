import type { PrincipalId, TaskState } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Asker } from './principal.ts';

/** What is read of tasks: whose they are and whether they wait. */
interface WaitingTasks {
  task: { owner_id: PrincipalId; state: TaskState };
}

/** Asked before `count` tasks are accepted. Throws QUOTA_EXCEEDED when the actor has too many waiting. */
export type Admission = (actor: Asker, count: number) => Promise<void>;

const COUNT_MAX_AGE_MS = 1000;

/**
 * Limits the waiting tasks of each client. Between two counts it only adds what it admitted, so it may think of more
 * than there are, never fewer; a refusal always stands on a fresh count.
 */
export function createAdmission(
  deps: { db: Database<WaitingTasks>; clock: Clock },
  options: { waitingPerClient: number },
): Admission {
  const counted = new Map<string, { waiting: number; atMs: number }>();
  const limit = options.waitingPerClient;

  async function countAnew(ownerId: PrincipalId): Promise<{ waiting: number; atMs: number }> {
    if (counted.size > 10_000) counted.clear();
    const entry = { waiting: await countWaiting(deps.db, ownerId), atMs: deps.clock.monotonicMs() };
    counted.set(ownerId, entry);
    return entry;
  }

  return async (actor, count) => {
    const known = counted.get(actor.id);
    const isFresh = known !== undefined && deps.clock.monotonicMs() - known.atMs < COUNT_MAX_AGE_MS;
    let entry = isFresh ? known : await countAnew(actor.id);
    if (isFresh && entry.waiting + count > limit) entry = await countAnew(actor.id);
    if (entry.waiting + count > limit) {
      throw new AppError('QUOTA_EXCEEDED', { limit, waiting: entry.waiting, asked: count });
    }
    entry.waiting += count;
  };
}

async function countWaiting(db: Database<WaitingTasks>, ownerId: PrincipalId): Promise<number> {
  const query = db.k
    .selectFrom('task')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('owner_id', '=', ownerId)
    .where('state', 'in', ['held', 'queued']);
  const [row] = await db.read(query);
  return Number(row?.count ?? 0);
}
