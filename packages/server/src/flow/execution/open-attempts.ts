import type { Database } from '../../platform/database/database.ts';
import type { AttemptRow, TaskRow } from '../../platform/database/schema.ts';

export interface OpenAttempt {
  attempt: AttemptRow;
  task: TaskRow;
}

const PAGE = 500;

/** Every attempt that had not ended when the last server stopped, with its task; read before anything new is placed. */
export async function loadOpenAttempts(database: Database): Promise<OpenAttempt[]> {
  const open: OpenAttempt[] = [];
  for (let after = ''; ; ) {
    const attempts = await database.read(
      database.k
        .selectFrom('attempt')
        .selectAll()
        .where('state', '<>', 'ended')
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
