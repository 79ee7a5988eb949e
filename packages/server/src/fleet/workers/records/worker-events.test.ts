import type { WorkerId } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import { SettlingClock, settle } from '@comfleet/test-kit';
import { beforeEach, describe, expect, it } from 'vitest';
import { openMemoryDatabase } from '../../../../test/kit/memory-database.ts';
import type { Tables } from '../../../app/tables.ts';
import type { Database } from '../../../platform/database/database.ts';
import { Scope } from '../../../platform/lifecycle/scope.ts';
import { silentLogger } from '../../../platform/logging/logger.ts';
import { systemRandom } from '../../../platform/time/clock.ts';
import type { WorkerChange } from '../worker-snapshot.ts';
import { openWorkerEvents, type WorkerEvents } from './worker-events.ts';

const one = '0198c0de-0000-7000-8000-000000000001' as WorkerId;
const two = '0198c0de-0000-7000-8000-000000000002' as WorkerId;

let clock: SettlingClock;
let database: Database<Tables>;
let scope: Scope;
let events: WorkerEvents;
let tell: (change: WorkerChange) => void;

beforeEach(async () => {
  clock = new SettlingClock();
  database = await openMemoryDatabase(clock);
  scope = new Scope('test', clock, silentLogger);
  const registry = {
    onChange: (listener: (change: WorkerChange) => void) => {
      tell = listener;
      return () => {
        tell = () => undefined;
      };
    },
  };
  const deps = { database, clock, random: systemRandom, logger: silentLogger, registry };
  events = openWorkerEvents(scope, deps, () => 86_400_000);
});

const because = (reason: string): FleetText => ({ code: 'worker.reason', params: { reason } });

async function listCauses(workerId: WorkerId | null, limit = 100): Promise<string[]> {
  await events.settle();
  return (await events.list(workerId, { limit })).events.map(({ cause }) => cause);
}

describe('WorkerEvents', () => {
  it('HR17 keeps what happened to a worker with cause, facts and duration, newest first', async () => {
    tell({ type: 'worker.offline', workerId: one, cause: because('refused') });
    tell({
      type: 'worker.recovery',
      workerId: one,
      cause: because('being checked'),
      details: { phase: 'checking' },
    });
    tell({ type: 'worker.online', workerId: one, cause: because('answered'), durationMs: 1234.6 });
    await events.settle();
    const { events: list } = await events.list(one, { limit: 10 });
    expect(list).toMatchObject([
      {
        type: 'worker.online',
        cause: 'answered',
        cause_text: because('answered'),
        duration_ms: 1235,
        details: null,
        worker_id: one,
      },
      { type: 'worker.recovery', details: { phase: 'checking' }, duration_ms: null },
      { type: 'worker.offline', at: new Date(clock.nowMs()).toISOString() },
    ]);
  });

  it('shows the sentence that an older version stored', async () => {
    const row = { id: one, worker_id: two, type: 'worker.offline', at: 1, details: null, duration_ms: null };
    const old = { ...row, cause: 'no answer within 2000 ms' };
    await database.commit([{ query: database.k.insertInto('worker_event').values(old) }]);
    const { events: list } = await events.list(two, { limit: 1 });
    expect(list).toMatchObject([{ cause: 'no answer within 2000 ms', cause_text: null }]);
  });

  it('keeps the order of events of one millisecond', async () => {
    const causes = Array.from({ length: 50 }, (_, n) => `step ${n}`);
    for (const cause of causes) tell({ type: 'worker.online', workerId: one, cause: because(cause) });
    expect(await listCauses(one)).toEqual([...causes].reverse());
  });

  it('keeps no history of settings, of sockets that reconnect, and of our own starts', async () => {
    tell({ type: 'worker.changed', workerId: one, cause: because('socket open') });
    tell({ type: 'worker.added', workerId: one, cause: because('from config'), details: { known: true } });
    expect(await listCauses(null)).toEqual([]);
  });

  it('pages through one worker or all of them', async () => {
    for (const [workerId, cause] of [
      [one, 'a'],
      [two, 'b'],
      [one, 'c'],
    ] as const) {
      tell({ type: 'worker.online', workerId, cause: because(cause) });
    }
    expect(await listCauses(one)).toEqual(['c', 'a']);
    const first = await events.list(null, { limit: 2 });
    const rest = await events.list(null, { limit: 2, cursor: first.nextCursor ?? undefined });
    expect(first.events.map(({ cause }) => cause)).toEqual(['c', 'b']);
    expect([rest.events.map(({ cause }) => cause), rest.nextCursor]).toEqual([['a'], null]);
  });

  it('forgets what is older than it should keep', async () => {
    tell({ type: 'worker.online', workerId: one, cause: because('old') });
    await events.settle();
    await clock.advance(86_000_000);
    tell({ type: 'worker.online', workerId: one, cause: because('young') });
    await clock.advance(1_200_000);
    expect(await listCauses(null)).toEqual(['young']);
  });

  it('waits for a database that is away, and tries once more when it closes', async () => {
    const { commit } = database;
    database.commit = async () => {
      throw new Error('away');
    };
    tell({ type: 'worker.online', workerId: one, cause: because('a') });
    await clock.advance(3_000);
    tell({ type: 'worker.offline', workerId: one, cause: because('b') });
    await settle();
    database.commit = commit;
    await scope.close();
    expect(await listCauses(null)).toEqual(['b', 'a']);
  });
});
