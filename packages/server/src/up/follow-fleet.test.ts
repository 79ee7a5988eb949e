import type { WorkerId } from '@comfleet/contract';
import { expect, it } from 'vitest';
import { named } from '../../test/kit/named.ts';
import type { ConnectedWorker, WorkerChange, WorkerSnapshot } from '../fleet/workers/registry.ts';
import { followFleet } from './follow-fleet.ts';
import { createSayStart } from './say-start.ts';

const CAUSE = { code: 'worker.settings', params: {} } as const;
type Known = Pick<WorkerSnapshot, 'id' | 'name' | 'health' | 'recovery'>;
const REFUSED = { phase: 'checking', problem: { kind: 'refused' }, sinceMs: 0 } as const;

function open() {
  const workers = new Map<WorkerId, Known>();
  const lines: string[] = [];
  let tell: (change: WorkerChange) => void = () => {};
  const set = (name: string, health: Known['health']) => {
    const id = named<'worker'>(name);
    workers.set(id, { id, name, health, recovery: health === 'online' ? null : REFUSED });
    tell({ type: 'worker.changed', workerId: id, cause: CAUSE });
  };
  const remove = (name: string) => {
    const id = named<'worker'>(name);
    workers.delete(id);
    tell({ type: 'worker.changed', workerId: id, cause: CAUSE });
  };
  const follow = () =>
    followFleet(
      {
        list: () => [...workers.values()] as WorkerSnapshot[],
        find: (id) => {
          const worker = workers.get(named<'worker'>(id));
          return worker ? ({ snapshot: () => worker } as ConnectedWorker) : null;
        },
        onChange: (listener) => {
          tell = listener;
          return () => {};
        },
      },
      { say: createSayStart('en'), print: (line) => lines.push(line) },
    );
  return { set, remove, follow, lines };
}

it('reports when the last worker is gone, why and what to do, once, and when one is back', () => {
  const { set, follow, lines } = open();
  set('gpu-1', 'online');
  set('gpu-2', 'online');
  follow();
  set('gpu-1', 'offline');
  expect(lines).toEqual([]);
  set('gpu-2', 'offline');
  set('gpu-2', 'offline');
  expect(lines).toEqual([
    expect.stringMatching(
      /^! gpu-2 cannot be used now, and no other worker is online\. The connection .* refused\. \S/,
    ),
  ]);
  set('gpu-1', 'online');
  set('gpu-2', 'online');
  expect(lines.slice(1)).toEqual(['gpu-1 is online again.']);
});

it('is silent about workers that were removed, and about those that never answered', () => {
  const { set, remove, follow, lines } = open();
  set('gpu-1', 'online');
  follow();
  set('gpu-2', 'offline');
  remove('gpu-1');
  set('gpu-2', 'online');
  expect(lines).toEqual([]);
});
