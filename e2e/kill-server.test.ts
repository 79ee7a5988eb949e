import { afterEach, beforeEach, expect, test } from 'vitest';
import { findViolations } from './kill/checker.ts';
import { type KillReport, runKills } from './kill/kill-run.ts';
import { planRun, STOP } from './kill/plan.ts';
import { describeOnDatabases, type FreshDatabase, testDatabases } from './services/databases.ts';

const SIZES = { tasks: 525, clients: 8, cancels: 25, kills: 12 };

/** COMFLEET_KILL_SEED repeats a run. */
const seed = Number(process.env.COMFLEET_KILL_SEED ?? 20_261_123);

describeOnDatabases('kill -9 of the server', (kind) => {
  let database: FreshDatabase;

  beforeEach(async () => {
    database = await kind.create();
  });

  afterEach(() => database.drop());

  test('P1 P6 twelve kills with 500 tasks lose none, end each once and run none again', async () => {
    const report = await runKills(planRun(seed, SIZES), database.config);

    process.stdout.write(`${describeRun(`kill -9 on ${kind.name}`, report)}\n`);
    expect(findViolations(report.ledgers), `replay: COMFLEET_KILL_SEED=${seed}`).toEqual([]);
    expect(report.kills.map((kill) => kill.inFlight.attempts.length >= 20)).toEqual(
      report.kills.map(() => true),
    );
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

/** Tasks whose cancel was acknowledged: some ended before theirs arrived. */
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

test('P19 five clean stops under load fail no task and run none again', async () => {
  const database = await testDatabases()[0]?.create();
  if (!database) throw new Error('SQLite is always there');
  const plan = planRun(seed, { tasks: 150, clients: 4, cancels: 10, kills: 0 });
  const stops = [12, 8, 10, 6, 9].map((count) => ({ place: STOP, count, delayMs: 0 }));
  try {
    const report = await runKills({ ...plan, kills: stops }, database.config);

    process.stdout.write(`${describeRun('sqlite, SIGTERM', report)}\n`);
    expect(findViolations(report.ledgers), `replay: COMFLEET_KILL_SEED=${seed}`).toEqual([]);
    expect(countStates(report)).toEqual({ ended: 150, failures: [], canceled: countCancels(report) });
  } finally {
    await database.drop();
  }
}, 120_000);
