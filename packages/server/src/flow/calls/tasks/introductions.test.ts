import type { WorkerId } from '@comfleet/contract';
import { FakeClock, settle } from '@comfleet/test-kit';
import { expect, it } from 'vitest';
import type { WorkerChange, WorkerSnapshot } from '../../../fleet/workers/registry.ts';
import { Scope } from '../../../platform/lifecycle/scope.ts';
import { silentLogger } from '../../../platform/logging/logger.ts';
import { openIntroductions } from './introductions.ts';

type Facts = Partial<Pick<WorkerSnapshot, 'health' | 'inventory' | 'enabled' | 'leaving'>>;

/** A fleet whose workers the test changes. */
function openFleet() {
  const clock = new FakeClock();
  const workers = new Map<string, WorkerSnapshot>();
  const listeners = new Set<(change: WorkerChange) => void>();
  const set = (id: string, facts: Facts, type: WorkerChange['type'] = 'worker.changed') => {
    const before = workers.get(id) ?? {
      id,
      health: 'unknown',
      inventory: null,
      enabled: true,
      leaving: false,
    };
    workers.set(id, { ...before, ...facts } as WorkerSnapshot);
    const change = { type, workerId: id as WorkerId, cause: { code: 'worker.changed', params: {} } } as const;
    for (const listener of listeners) listener(change);
  };
  const known = openIntroductions(new Scope('test', clock, silentLogger), {
    clock,
    fleet: {
      list: () => [...workers.values()],
      find: (id) => ({ snapshot: () => workers.get(id) }) as never,
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  const ask = () => {
    const outcome = { isDone: false };
    void known().then(() => {
      outcome.isDone = true;
    });
    return outcome;
  };
  return { clock, set, ask };
}

const inventory = {} as WorkerSnapshot['inventory'];

it('waits until every worker that joined has reported its inventory, or does not respond', async () => {
  const { set, ask } = openFleet();
  set('a', {}, 'worker.added');
  set('b', {}, 'worker.added');
  const requested = ask();
  set('a', { health: 'online' });
  set('b', { health: 'offline' });
  await settle();
  expect(requested.isDone).toBe(false);

  set('a', { inventory });
  await settle();

  expect(requested.isDone).toBe(true);
});

it('waits for no worker that reported it in an earlier run, is disabled, or has left', async () => {
  const { set, ask } = openFleet();
  set('known', { inventory }, 'worker.added');
  set('disabled', { enabled: false }, 'worker.added');
  set('gone', { leaving: true }, 'worker.added');
  const requested = ask();
  await settle();
  expect(requested.isDone).toBe(true);
});

it('waits 5 s at most, and not again for the same worker', async () => {
  const { clock, set, ask } = openFleet();
  set('silent', {}, 'worker.added');
  const first = ask();
  await clock.advance(4999);
  expect(first.isDone).toBe(false);
  await clock.advance(1);
  await settle();
  expect(first.isDone).toBe(true);
  const second = ask();
  await settle();
  expect(second.isDone).toBe(true);
});
