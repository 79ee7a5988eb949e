import type { PrincipalId, TaskState } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Requester } from './principal.ts';

/** The columns of tasks that are read: the owner and the state. */
interface WaitingTasks {
  task: { owner_id: PrincipalId; state: TaskState };
}

/**
 * Stores `count` tasks of the actor with `accept`, if the actor may have that many more waiting; else throws
 * QUOTA_EXCEEDED. Throws as `accept`.
 */
export type Admission = <T>(actor: Requester, count: number, accept: () => Promise<T>) => Promise<T>;

const COUNT_MAX_AGE_MS = 1000;
const MAX_CLIENTS = 10_000;

/** Known waiting tasks of one client: never fewer than there are. */
interface Client {
  waiting: number;
  /** When they were counted, monotonic ms. */
  atMs: number;
  /** Admitted but maybe not stored yet, so that a count may miss them. */
  underWay: number;
  /** Admitted since the current count began. */
  sinceCount: number;
  counting: Promise<void> | null;
}

/**
 * Limits the waiting tasks of each client, however many submissions arrive at once. Admitted tasks count immediately, and
 * concurrent submissions share one count. A refusal relies on a fresh count plus what is not stored yet.
 */
export function createAdmission(
  deps: { db: Database<WaitingTasks>; clock: Clock },
  options: { waitingPerClient: number },
): Admission {
  const clients = new Map<string, Client>();
  const limit = options.waitingPerClient;

  function findClient(id: PrincipalId): Client {
    if (clients.size > MAX_CLIENTS)
      for (const [key, { underWay, counting }] of clients)
        if (underWay === 0 && !counting) clients.delete(key);
    const client = clients.get(id) ?? {
      ...{ waiting: 0, atMs: Number.NEGATIVE_INFINITY },
      ...{ underWay: 0, sinceCount: 0, counting: null },
    };
    clients.set(id, client);
    return client;
  }

  async function count(client: Client, id: PrincipalId): Promise<void> {
    const { underWay } = client;
    client.sinceCount = 0;
    const stored = await countWaiting(deps.db, id);
    client.waiting = stored + underWay + client.sinceCount;
    client.atMs = deps.clock.monotonicMs();
  }

  return async (actor, requested, accept) => {
    const client = findClient(actor.id);
    const isFresh = deps.clock.monotonicMs() - client.atMs < COUNT_MAX_AGE_MS;
    if (!isFresh || client.waiting + requested > limit) {
      client.counting ??= count(client, actor.id).finally(() => {
        client.counting = null;
      });
      await client.counting;
    }
    const { waiting } = client;
    if (waiting + requested > limit)
      throw new AppError('QUOTA_EXCEEDED', { limit, waiting, asked: requested });
    client.waiting += requested;
    client.sinceCount += requested;
    client.underWay += requested;
    try {
      return await accept();
    } finally {
      client.underWay -= requested;
    }
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
