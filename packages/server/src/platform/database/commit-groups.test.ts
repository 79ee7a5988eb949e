import { expect, test } from 'vitest';
import { systemClock } from '../time/clock.ts';
import { CommitGroups } from './commit-groups.ts';
import type { FailureKind, ServerPool } from './server-pool.ts';

class Failure extends Error {
  readonly kind: FailureKind;
  constructor(kind: FailureKind) {
    super(kind);
    this.kind = kind;
  }
}

/** A database server that records statements in `log`; one named in `failures` fails that way, once each. */
function openFake(failures: [sql: string, kind: FailureKind][]) {
  const log: string[] = [];
  const run = async (sql: string) => {
    log.push(sql);
    const index = failures.findIndex(([failing]) => failing === sql);
    const [failure] = index < 0 ? [] : failures.splice(index, 1);
    if (failure) throw new Failure(failure[1]);
    return { rows: [], matched: 1 };
  };
  const pool: ServerPool = {
    driver: 'postgres',
    pipelines: false,
    clockSql: '',
    acquire: async () => ({
      run,
      commit: async () => {
        await run('commit');
      },
      release: () => log.push('release'),
      destroy: () => log.push('close'),
    }),
    classify: (thrown) => (thrown instanceof Failure ? thrown.kind : 'fault'),
    close: async () => {},
  };
  const clock = { ...systemClock, sleep: async () => {} };
  const random = { bytes: () => new Uint8Array(), fraction: () => 0 };
  return { log, groups: new CommitGroups(pool, { clock, random, poolSize: 2, lanes: 1 }) };
}

const write = (sql: string, rows: number | null = 1) => ({ sql, parameters: [], rows });

test('F4 a deadlock is rolled back and the whole commit runs again', async () => {
  const { groups, log } = openFake([['two', 'conflict']]);

  const outcome = await groups.commit([write('one'), write('two')]);

  expect(outcome).toEqual({ kind: 'committed' });
  expect(log.join(' ')).toBe('begin one two rollback release begin one two commit release');
});

test('F4 five deadlocks in a row are given up as UNAVAILABLE', async () => {
  const { groups, log } = openFake(Array.from({ length: 9 }, () => ['one', 'conflict']));

  await expect(groups.commit([write('one')])).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: { reason: 'conflict' },
  });
  expect(log.filter((sql) => sql === 'one')).toHaveLength(5);
});

test('F3 a COMMIT without a response is never sent again, and reports that its outcome is unknown', async () => {
  const { groups, log } = openFake([['commit', 'lost']]);

  await expect(groups.commit([write('one')])).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: { commit: 'unknown' },
  });
  expect(log.join(' ')).toBe('begin one commit close');
});

test('a connection lost before COMMIT is replaced once', async () => {
  const { groups, log } = openFake([['one', 'lost']]);

  expect(await groups.commit([write('one')])).toEqual({ kind: 'committed' });
  expect(log.join(' ')).toBe('begin one close begin one commit release');
});

test('commits that wait share a transaction, and a refused one is undone to its savepoint', async () => {
  const { groups, log } = openFake([['taken', 'duplicate']]);

  const outcomes = await Promise.all([
    groups.commit([write('a')]),
    groups.commit([write('b'), write('taken'), write('never run')]),
    groups.commit([write('c', 2)]),
    groups.commit([write('d')]),
  ]);

  expect(outcomes).toEqual([
    { kind: 'committed' },
    { kind: 'refused', index: 1, reason: 'duplicate' },
    { kind: 'refused', index: 0, reason: 'unmatched' },
    { kind: 'committed' },
  ]);
  expect(log).toEqual([
    'begin',
    ...['savepoint one', 'a'],
    ...['savepoint one', 'b', 'taken', 'rollback to savepoint one'],
    ...['savepoint one', 'c', 'rollback to savepoint one'],
    ...['savepoint one', 'd'],
    ...['commit', 'release'],
  ]);
});

test('one commit with wrong SQL does not take those of its group down', async () => {
  const { groups } = openFake([
    ['wrong', 'fault'],
    ['wrong', 'fault'],
  ]);

  const outcomes = await Promise.allSettled([groups.commit([write('a')]), groups.commit([write('wrong')])]);

  expect(outcomes).toMatchObject([
    { status: 'fulfilled', value: { kind: 'committed' } },
    { status: 'rejected', reason: { code: 'INTERNAL' } },
  ]);
});
