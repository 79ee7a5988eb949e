import { afterEach, beforeEach, expect, test } from 'vitest';
import { findViolations } from './kill/checker.ts';
import { type KillOptions, type KillReport, runKills } from './kill/kill-run.ts';
import { type KillPlan, planRun, STOP } from './kill/plan.ts';
import { describeOnDatabases, type FreshDatabase, testDatabases } from './services/databases.ts';

const SIZES = { tasks: 525, clients: 8, cancels: 25, kills: 12, minOpen: 20 };

/** Set COMFLEET_KILL_SEED to repeat a run. */
const seed = Number(process.env.COMFLEET_KILL_SEED ?? 20_261_123);

describeOnDatabases('P1 E1 kill -9 of the server', (kind) => {
  let database: FreshDatabase;

  beforeEach(async () => {
    database = await kind.create();
  });

  afterEach(() => database.drop());

  test('TQ5 TQ18 twelve kills with 500 tasks lose none, end each once, run none again; a key stays one task', async () => {
    const report = await runKills(planRun(seed, SIZES), database.config);

    process.stdout.write(`${describeRun(`kill -9 on ${kind.name}`, report)}\n`);
    expect(findViolations(report.ledgers), `replay: COMFLEET_KILL_SEED=${seed}`).toEqual([]);
    expect(report.kills).toHaveLength(SIZES.kills);
    expect(countStates(report)).toEqual({ ended: 525, failures: [], canceled: countCancels(report) });
    expect(report.exitCode).toBe(0);
  }, 240_000);
});

function countStates({ ledgers, failures }: KillReport) {
  const count = (states: readonly string[]) =>
    ledgers.sql.tasks.filter(({ state }) => states.includes(state)).length;
  return {
    ended: count(['succeeded', 'canceled']),
    failures,
    canceled: count(['canceled']),
  };
}

/** Tasks whose cancel was acknowledged; some ended before the request arrived. */
function countCancels({ ledgers }: KillReport): number {
  return new Set(
    ledgers.clients.flatMap((entry) => (entry.kind === 'cancel_acknowledged' ? [entry.taskId] : [])),
  ).size;
}

function describeRun(name: string, report: KillReport): string {
  const { kills, ledgers, recoveryMs, durationMs } = report;
  const executions = ledgers.workers.filter(({ kind }) => kind === 'execution_start').length;
  const prompts = new Set(ledgers.workers.map(({ promptId }) => promptId)).size;
  const lines = kills.map(
    (kill, index) =>
      `  ${`${kill.place}:${kill.count}`.padEnd(24)} in flight ${kill.inFlight.tasks} tasks, ` +
      `${kill.inFlight.attempts.length} on workers; listening after ${kill.listeningAfterMs ?? '-'} ms, ` +
      `first of them ended after ${recoveryMs[index] ?? '-'} ms`,
  );
  const sums = `${ledgers.sql.tasks.length} tasks, ${kills.length} kills, ${executions} executions of ${prompts} prompts`;
  return [`${name}, seed ${seed}: ${sums}, ${(durationMs / 1000).toFixed(1)} s`, ...lines].join('\n');
}

test('P19 DB4 five clean stops under load: clients stay known, no task fails, none runs again', async () => {
  const plan = planRun(seed, { tasks: 150, clients: 4, cancels: 10, kills: 0 });
  const stops = [12, 8, 10, 6, 9].map((count) => ({
    place: STOP,
    count,
    when: 'start' as const,
    delayMs: 0,
    minOpen: 0,
  }));
  const report = await runOnSqlite({ ...plan, kills: stops }, {});

  process.stdout.write(`${describeRun('sqlite, SIGTERM', report)}\n`);
  expect(findViolations(report.ledgers), `replay: COMFLEET_KILL_SEED=${seed}`).toEqual([]);
  expect(countStates(report)).toEqual({ ended: 150, failures: [], canceled: countCancels(report) });
}, 120_000);

test('workers named on the command line keep their prompts across kills', async () => {
  const plan = planRun(seed, { tasks: 40, clients: 2, cancels: 0, kills: 0 });
  const kills = [
    { place: 'running', count: 6, when: 'start' as const, delayMs: 0, minOpen: 0 },
    { place: 'before_download', count: 8, when: 'start' as const, delayMs: 0, minOpen: 0 },
  ];
  const report = await runOnSqlite({ ...plan, kills }, { onCommandLine: true });

  expect(findViolations(report.ledgers), `replay: COMFLEET_KILL_SEED=${seed}`).toEqual([]);
  expect(countStates(report)).toEqual({ ended: 40, failures: [], canceled: 0 });
}, 120_000);

test('prompts of a worker that died together with the server run on another one', async () => {
  const plan = planRun(seed, { tasks: 40, clients: 2, cancels: 0, kills: 0, maxAttempts: 2 });
  const report = await runOnSqlite(
    { ...plan, kills: [{ place: 'running', count: 6, when: 'start', delayMs: 0, minOpen: 0 }] },
    { afterKill: async ([first]) => first?.kill() },
  );

  // What the dead worker ran never ended, or was not downloaded; it runs again elsewhere.
  const ofTheDeath = ['executed_twice', 'executions_overlap', 'result_missing'];
  const others = findViolations(report.ledgers).filter(({ code }) => !ofTheDeath.includes(code));
  expect(others, `replay: COMFLEET_KILL_SEED=${seed}`).toEqual([]);
  expect(countStates(report)).toEqual({ ended: 40, failures: [], canceled: 0 });
}, 120_000);

async function runOnSqlite(plan: KillPlan, options: KillOptions): Promise<KillReport> {
  const database = await testDatabases()[0]?.create();
  if (!database) throw new Error('SQLite is always there');
  try {
    return await runKills(plan, database.config, options);
  } finally {
    await database.drop();
  }
}
