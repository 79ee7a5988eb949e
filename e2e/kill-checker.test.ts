import { expect, test } from 'vitest';
import { findViolations } from './kill/checker.ts';
import type { Ledgers, StoredEvent, WorkerEntry } from './kill/ledgers.ts';

/** Ledgers of a flawless run of two tasks; each case changes a copy. */
function createLedgers() {
  const life = (taskId: string, end: string): StoredEvent[] => [
    { taskId, number: 1, type: 'task.accepted', state: 'queued' },
    { taskId, number: 2, type: 'attempt.claimed', state: 'running' },
    { taskId, number: 3, type: 'attempt.ended', state: 'running' },
    { taskId, number: 4, type: `task.${end}`, state: end },
  ];
  const run = (promptId: string, startNs: bigint, hash: string): WorkerEntry[] => [
    { kind: 'execution_start', worker: 'w1', promptId, atNs: startNs },
    { kind: 'file_written', worker: 'w1', promptId, atNs: startNs + 5n, hash },
    { kind: 'execution_end', worker: 'w1', promptId, atNs: startNs + 9n, status: 'success' },
  ];
  const events = [...life('t1', 'succeeded'), ...life('t2', 'succeeded')];
  return {
    clients: [
      { kind: 'sent', client: 'c', key: 'k1' },
      { kind: 'accepted', client: 'c', key: 'k1', taskId: 't1' },
      { kind: 'sent', client: 'c', key: 'k2' },
      { kind: 'accepted', client: 'c', key: 'k2', taskId: 't2' },
      ...events.map((event) => ({ kind: 'event' as const, ...event })),
    ] as Ledgers['clients'][number][],
    sql: {
      tasks: [
        { id: 't1', ownerId: 'o', state: 'succeeded' },
        { id: 't2', ownerId: 'o', state: 'succeeded' },
      ],
      attempts: [
        { id: 'a1', taskId: 't1', promptId: 'p1', state: 'ended' },
        { id: 'a2', taskId: 't2', promptId: 'p2', state: 'ended' },
      ],
      events,
      results: [
        { taskId: 't1', attemptId: 'a1', hash: 'h1', bytesHash: 'h1' as string | null },
        { taskId: 't2', attemptId: 'a2', hash: 'h2', bytesHash: 'h2' as string | null },
      ],
      keys: [
        { ownerId: 'o', key: 'k1', taskId: 't1' },
        { ownerId: 'o', key: 'k2', taskId: 't2' },
      ],
    },
    workers: [...run('p1', 100n, 'h1'), ...run('p2', 200n, 'h2')],
  };
}

type Planted = ReturnType<typeof createLedgers>;

function codesOf(plant: (ledgers: Planted) => void): string[] {
  const ledgers = createLedgers();
  plant(ledgers);
  return [...new Set(findViolations(ledgers).map((violation) => violation.code))].sort();
}

test('a flawless run has no violations', () => {
  expect(findViolations(createLedgers())).toEqual([]);
});

/** Removes the first match from a list; returns it. */
function take<T>(list: T[], isWanted: (item: T) => boolean): T[] {
  return list.splice(list.findIndex(isWanted), 1);
}

const PLANTED: [string, (ledgers: Planted) => void, string[]][] = [
  [
    'an accepted task that SQL does not have',
    ({ clients }) => clients.push({ kind: 'accepted', client: 'c', key: 'k3', taskId: 't3' }),
    ['lost_task'],
  ],
  [
    'two terminal events of one task',
    ({ sql, clients }) => {
      const again = { taskId: 't1', number: 5, type: 'task.succeeded', state: 'succeeded' };
      sql.events.push(again);
      clients.push({ kind: 'event', ...again });
    },
    ['terminal_events'],
  ],
  [
    'no terminal event of an ended task',
    ({ sql, clients }) => {
      take(sql.events, ({ taskId, number }) => taskId === 't2' && number === 4);
      take(clients, (entry) => entry.kind === 'event' && entry.taskId === 't2' && entry.number === 4);
    },
    ['terminal_events'],
  ],
  [
    'one task executed again after its first execution',
    ({ sql, workers }) => {
      sql.attempts.push({ id: 'a3', taskId: 't1', promptId: 'p3', state: 'ended' });
      workers.push(
        { kind: 'execution_start', worker: 'w2', promptId: 'p3', atNs: 300n },
        { kind: 'execution_end', worker: 'w2', promptId: 'p3', atNs: 309n, status: 'success' },
      );
    },
    ['executed_twice'],
  ],
  [
    'the same prompt executed twice',
    ({ workers }) =>
      workers.push(
        { kind: 'execution_start', worker: 'w1', promptId: 'p1', atNs: 300n },
        { kind: 'execution_end', worker: 'w1', promptId: 'p1', atNs: 309n, status: 'success' },
      ),
    ['executed_twice'],
  ],
  [
    'two executions of one task at once',
    ({ sql, workers }) => {
      sql.attempts.push({ id: 'a3', taskId: 't1', promptId: 'p3', state: 'ended' });
      workers.push(
        { kind: 'execution_start', worker: 'w2', promptId: 'p3', atNs: 104n },
        { kind: 'execution_end', worker: 'w2', promptId: 'p3', atNs: 150n, status: 'success' },
      );
    },
    ['executed_twice', 'executions_overlap'],
  ],
  [
    'a result that another task made',
    ({ sql }) => sql.results.splice(0, 1, { taskId: 't1', attemptId: 'a1', hash: 'h2', bytesHash: 'h2' }),
    ['result_missing', 'result_of_another_task'],
  ],
  [
    'a success after an acknowledged cancel',
    ({ clients }) => clients.push({ kind: 'cancel_acknowledged', taskId: 't1' }),
    ['success_after_cancel'],
  ],
  [
    'a gap in the events that a client received',
    ({ clients }) => take(clients, (entry) => entry.kind === 'event' && entry.number === 2),
    ['event_gap'],
  ],
  [
    'a stream that stops before the end',
    ({ clients }) => take(clients, (entry) => entry.kind === 'event' && entry.number === 4),
    ['event_gap'],
  ],
  [
    'a gap in the stored events',
    ({ sql, clients }) => {
      take(sql.events, ({ number }) => number === 2);
      take(clients, (entry) => entry.kind === 'event' && entry.number === 2);
    },
    ['event_gap'],
  ],
  [
    'an event received twice',
    ({ clients }) =>
      clients.splice(7, 0, {
        kind: 'event',
        taskId: 't1',
        number: 3,
        type: 'attempt.ended',
        state: 'running',
      }),
    ['event_repeated'],
  ],
  [
    'an event received differently from how it is stored',
    ({ sql }) => sql.events.splice(1, 1, { taskId: 't1', number: 2, type: 'task.held', state: 'held' }),
    ['event_untrue'],
  ],
  [
    'a task that still runs at quiescence',
    ({ sql, clients }) => {
      sql.tasks.splice(1, 1, { id: 't2', ownerId: 'o', state: 'running' });
      take(sql.events, ({ taskId, number }) => taskId === 't2' && number === 4);
      take(clients, (entry) => entry.kind === 'event' && entry.taskId === 't2' && entry.number === 4);
    },
    ['not_terminal'],
  ],
  [
    'one key that made two tasks',
    ({ clients }) => clients.push({ kind: 'accepted', client: 'c', key: 'k1', taskId: 't2' }),
    ['key_to_two_tasks'],
  ],
  [
    'a task under a key that nobody sent',
    ({ clients }) => take(clients, (entry) => entry.kind === 'sent' && entry.key === 'k2'),
    ['task_nobody_asked_for'],
  ],
  [
    'stored bytes with another hash than their record',
    ({ sql }) => sql.results.splice(0, 1, { taskId: 't1', attemptId: 'a1', hash: 'h1', bytesHash: 'torn' }),
    ['wrong_hash'],
  ],
  [
    'a recorded result whose bytes are gone',
    ({ sql }) => sql.results.splice(0, 1, { taskId: 't1', attemptId: 'a1', hash: 'h1', bytesHash: null }),
    ['wrong_hash'],
  ],
  [
    'bytes that no worker wrote',
    ({ sql }) => sql.results.splice(0, 1, { taskId: 't1', attemptId: 'a1', hash: 'x', bytesHash: 'x' }),
    ['result_missing', 'wrong_hash'],
  ],
  [
    'a success without its result',
    ({ sql }) => take(sql.results, ({ taskId }) => taskId === 't2'),
    ['result_missing'],
  ],
  [
    'a terminal state that changed later',
    ({ sql }) => sql.tasks.splice(0, 1, { id: 't1', ownerId: 'o', state: 'failed' }),
    ['terminal_changed'],
  ],
  [
    'a prompt that no attempt knows',
    ({ workers }) =>
      workers.push({ kind: 'execution_start', worker: 'w1', promptId: 'stranger', atNs: 400n }),
    ['unknown_prompt'],
  ],
  [
    'a success that no worker ran to its end',
    ({ workers }) => take(workers, ({ kind }) => kind === 'execution_end'),
    ['success_without_execution'],
  ],
  [
    'an attempt left open by a task that ended',
    ({ sql }) => sql.attempts.splice(0, 1, { id: 'a1', taskId: 't1', promptId: 'p1', state: 'submitted' }),
    ['attempt_left_open'],
  ],
];

test.each(PLANTED)('the checker catches %s', (_name, plant, codes) => {
  expect(codesOf((ledgers) => void plant(ledgers))).toEqual(codes);
});
