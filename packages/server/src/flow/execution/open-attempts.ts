import { lowestId, type RecordedError, type WorkerId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { AttemptRow, TaskRow, TaskTables } from '../tasks/task-tables.ts';

export interface OpenAttempt {
  attempt: AttemptRow;
  task: TaskRow;
}

const PAGE = 500;
const OPEN_STATES = ['claimed', 'submitted', 'running', 'collecting'] as const;

/** Loads every attempt that was open when the last server stopped, with its task; called before any task is placed. */
export async function loadOpenAttempts(database: Database<TaskTables>): Promise<OpenAttempt[]> {
  const open: OpenAttempt[] = [];
  for (let after = lowestId<'attempt'>(); ; ) {
    const attempts = await database.read(
      database.k
        .selectFrom('attempt')
        .selectAll()
        // Listed one by one: `<> 'ended'` would scan every attempt ever made.
        .where('state', 'in', [...OPEN_STATES])
        .where('id', '>', after)
        .orderBy('id')
        .limit(PAGE),
    );
    if (attempts.length === 0) return open;
    const ids = attempts.map((attempt) => attempt.task_id);
    const tasks = await database.read(database.k.selectFrom('task').selectAll().where('id', 'in', ids));
    const byId = new Map(tasks.map((task) => [task.id, task]));
    for (const attempt of attempts) {
      const task = byId.get(attempt.task_id);
      if (task) open.push({ attempt, task });
    }
    after = attempts.at(-1)?.id ?? after;
  }
}

/** Prompts whose attempts failed since then and that may still run: their worker was unreachable, or never answered. */
export async function loadLatePrompts(
  database: Database<TaskTables>,
  sinceMs: number,
): Promise<{ workerId: WorkerId; promptId: string }[]> {
  const rows = await database.read(
    database.k
      .selectFrom('attempt')
      .innerJoin('task', 'task.id', 'attempt.task_id')
      .select(['attempt.worker_id', 'attempt.prompt_id', 'attempt.error'])
      // Ids sort by time: attempts that began long before cannot have ended since.
      .where('attempt.id', '>=', lowestId<'attempt'>(sinceMs - LONGEST_ATTEMPT_MS))
      .where('attempt.state', '=', 'ended')
      .where('attempt.ending', '<>', 'succeeded')
      .where('attempt.ended_at', '>=', sinceMs)
      // A prompt that costs money and waits for a decision is left to run.
      .where((eb) =>
        eb.or([eb('task.held_reason', 'is', null), eb('task.held_reason', '<>', 'needs_decision')]),
      )
      .orderBy('attempt.ended_at', 'desc')
      .limit(MAX_LATE),
  );
  return rows
    .filter(({ error }) => error !== null && LATE_CODES.has((JSON.parse(error) as RecordedError).code))
    .map(({ worker_id, prompt_id }) => ({ workerId: worker_id, promptId: prompt_id }));
}

/** Includes attempts whose stop could not be confirmed; watching for a prompt that is gone costs nothing. */
const LATE_CODES = new Set(['WORKER_UNREACHABLE', 'PROMPT_STALLED', 'EXECUTION_TIMEOUT', 'CANCELED']);
const MAX_LATE = 10_000;
/** Attempts that ran for a day or more are not watched for. */
const LONGEST_ATTEMPT_MS = 86_400_000;
