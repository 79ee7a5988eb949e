import type {
  ClientEntry,
  Ledgers,
  StoredAttempt,
  StoredEvent,
  StoredResult,
  StoredTask,
  WorkerEntry,
} from './ledgers.ts';

/** The kinds of broken promises. */
export type ViolationCode =
  | 'lost_task'
  | 'task_nobody_asked_for'
  | 'key_to_two_tasks'
  | 'not_terminal'
  | 'terminal_events'
  | 'terminal_changed'
  | 'event_gap'
  | 'event_repeated'
  | 'event_untrue'
  | 'executed_twice'
  | 'executions_overlap'
  | 'success_without_execution'
  | 'unknown_prompt'
  | 'attempt_left_open'
  | 'result_missing'
  | 'result_of_another_task'
  | 'wrong_hash'
  | 'success_after_cancel';

export interface Violation {
  code: ViolationCode;
  /** The task, or its key or prompt. */
  subject: string;
  detail: string;
}

export const TERMINAL = new Set(['succeeded', 'failed', 'canceled', 'expired']);

/** The ledgers by task and by prompt. */
export interface LedgerIndex {
  ledgers: Ledgers;
  tasks: ReadonlyMap<string, StoredTask>;
  attemptsOf: ReadonlyMap<string, StoredAttempt[]>;
  attemptByPrompt: ReadonlyMap<string, StoredAttempt>;
  eventsOf: ReadonlyMap<string, StoredEvent[]>;
  resultsOf: ReadonlyMap<string, StoredResult[]>;
  seenOf: ReadonlyMap<string, Extract<ClientEntry, { kind: 'event' }>[]>;
  runsOf: ReadonlyMap<string, WorkerEntry[]>;
  /** Of all files that any worker wrote. */
  writtenHashes: ReadonlySet<string>;
}

export function indexLedgers(ledgers: Ledgers): LedgerIndex {
  const { sql, clients, workers } = ledgers;
  const seen = clients.filter((entry) => entry.kind === 'event');
  return {
    ledgers,
    tasks: new Map(sql.tasks.map((task) => [task.id, task])),
    attemptsOf: groupBy(sql.attempts, (attempt) => attempt.taskId),
    attemptByPrompt: new Map(sql.attempts.map((attempt) => [attempt.promptId, attempt])),
    eventsOf: groupBy(
      [...sql.events].sort((a, b) => a.number - b.number),
      (event) => event.taskId,
    ),
    resultsOf: groupBy(sql.results, (result) => result.taskId),
    seenOf: groupBy(seen, (entry) => entry.taskId),
    runsOf: groupBy(workers, (entry) => entry.promptId),
    writtenHashes: new Set(workers.flatMap((entry) => (entry.kind === 'file_written' ? [entry.hash] : []))),
  };
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
