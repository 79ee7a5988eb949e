import type { AssetId, TaskId } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { Kysely } from 'kysely';
import type { Write } from '../../platform/database/database.ts';
import { statement } from '../../platform/database/statement.ts';
import type { ChangedTask } from './task-change.ts';
import type {
  AttemptFingerprintRow,
  AttemptRow,
  TaskEventRow,
  TaskRow,
  TaskTables,
  TaskWarningRow,
} from './task-tables.ts';

/* One function per statement; those on the path of a task are compiled once. */

type TaskColumns = { [K in keyof TaskRow]: TaskRow[K] };
type AttemptColumns = { [K in keyof AttemptRow]: AttemptRow[K] };
type EventColumns = { [K in keyof TaskEventRow]: TaskEventRow[K] };

const TASK_COLUMNS: readonly (keyof TaskRow)[] = [
  'id',
  'owner_id',
  'project_id',
  'state',
  'version',
  'epoch',
  'priority',
  'accepted_seq',
  'task_type',
  'name',
  'workflow_version_id',
  'workflow_name',
  'workflow_label',
  'graph_hash',
  'parameters',
  'seed',
  'requirements',
  'lane',
  'batch_id',
  'batch_index',
  'held_reason',
  'due_at',
  'cancel_requested_at',
  'timeout_ms',
  'max_attempts',
  'attempt_count',
  'deaths',
  'worker_id',
  'prompt_id',
  'public_prompt_id',
  'door',
  'file_name',
  'output_path',
  'error',
  'put_epoch',
  'created_at',
  'started_at',
  'ended_at',
];

const EVENT_COLUMNS: readonly (keyof TaskEventRow)[] = [
  'task_id',
  'number',
  'type',
  'at',
  'state',
  'actor',
  'attempt_id',
  'attempt_number',
  'worker_id',
  'prompt_id',
  'held_reason',
  'error',
  'details',
];

const ATTEMPT_COLUMNS: readonly (keyof AttemptRow)[] = [
  'id',
  'task_id',
  'owner_id',
  'number',
  'epoch',
  'worker_id',
  'prompt_id',
  'socket_id',
  'state',
  'ending',
  'error',
  'created_at',
  'submitted_at',
  'started_at',
  'ended_at',
];

/** Picks properties of a row or of parameters. */
function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): { [P in K]: T[P] } {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as { [P in K]: T[P] };
}

const insertTaskStatement = statement<TaskTables, TaskColumns>((k, p) =>
  k.insertInto('task').values(pick(p, TASK_COLUMNS)),
);
const insertEventStatement = statement<TaskTables, EventColumns>((k, p) =>
  k.insertInto('task_event').values(pick(p, EVENT_COLUMNS)),
);
const insertInputStatement = statement<TaskTables, { task_id: TaskId; asset_id: AssetId }>((k, p) =>
  k.insertInto('task_input').values({ task_id: p.task_id, asset_id: p.asset_id }),
);
const insertWarningStatement = statement<TaskTables, { [K in keyof TaskWarningRow]: TaskWarningRow[K] }>(
  (k, p) =>
    k
      .insertInto('task_warning')
      .values({ task_id: p.task_id, source: p.source, warnings: p.warnings, at: p.at }),
);
const insertAttemptStatement = statement<TaskTables, AttemptColumns>((k, p) =>
  k.insertInto('attempt').values(pick(p, ATTEMPT_COLUMNS)),
);

const insertFingerprintStatement = statement<
  TaskTables,
  { [K in keyof AttemptFingerprintRow]: AttemptFingerprintRow[K] }
>((k, p) =>
  k
    .insertInto('attempt_fingerprint')
    .values({ task_id: p.task_id, attempt_id: p.attempt_id, fingerprint: p.fingerprint }),
);

const updateTaskStatement = statement<TaskTables, TaskColumns & { seen: number }>((k, p) =>
  k
    .updateTable('task')
    .set({
      state: p.state,
      version: p.version,
      epoch: p.epoch,
      priority: p.priority,
      lane: p.lane,
      requirements: p.requirements,
      held_reason: p.held_reason,
      due_at: p.due_at,
      cancel_requested_at: p.cancel_requested_at,
      attempt_count: p.attempt_count,
      deaths: p.deaths,
      worker_id: p.worker_id,
      prompt_id: p.prompt_id,
      error: p.error,
      started_at: p.started_at,
      ended_at: p.ended_at,
    })
    .where('id', '=', p.id)
    .where('version', '=', p.seen),
);

const updateBindingStatement = statement<
  TaskTables,
  { [K in 'id' | 'graph_hash' | 'parameters']: TaskRow[K] }
>((k, p) =>
  k.updateTable('task').set({ graph_hash: p.graph_hash, parameters: p.parameters }).where('id', '=', p.id),
);

const updateAttemptStatement = statement<TaskTables, AttemptColumns>((k, p) =>
  k
    .updateTable('attempt')
    .set({
      state: p.state,
      ending: p.ending,
      error: p.error,
      socket_id: p.socket_id,
      submitted_at: p.submitted_at,
      started_at: p.started_at,
      ended_at: p.ended_at,
    })
    .where('id', '=', p.id)
    .where('epoch', '=', p.epoch)
    .where('state', '<>', 'ended'),
);

const selectTask = statement<TaskTables, { id: TaskId }, TaskRow>((k, p) =>
  k.selectFrom('task').selectAll().where('id', '=', p.id),
);

type K = Kysely<TaskTables>;

/** Inserts a task with the events that led to its first state. */
export function writeNewTask(k: K, row: TaskRow, events: readonly TaskEventRow[]): Write[] {
  return [
    { query: insertTaskStatement(k, { ...row }) },
    ...events.map((event) => ({ query: insertEventStatement(k, { ...event }) })),
  ];
}

/** Inserts the uploads that a task names, without duplicates. */
export function writeTaskInputs(k: K, taskId: TaskId, inputs: readonly { assetId: AssetId }[]): Write[] {
  const ids = new Set(inputs.map(({ assetId }) => assetId));
  return [...ids].map((assetId) => ({
    query: insertInputStatement(k, { task_id: taskId, asset_id: assetId }),
  }));
}

/**
 * Stores consecutive changes of one task: the row after the last change, guarded by the version before the first, and an event
 * for each.
 */
export function writeChanges(k: K, seenVersion: number, changes: readonly ChangedTask[]): Write[] {
  const last = changes.at(-1);
  if (!last) return [];
  return [
    { query: updateTaskStatement(k, { ...last.row, seen: seenVersion }), rows: 1 },
    ...changes.map(({ event }) => ({ query: insertEventStatement(k, { ...event }) })),
  ];
}

export function writeNewAttempt(k: K, row: AttemptRow): Write {
  return { query: insertAttemptStatement(k, { ...row }) };
}

export function writeFingerprint(k: K, row: AttemptFingerprintRow): Write {
  return { query: insertFingerprintStatement(k, { ...row }) };
}

/** Writes an attempt, guarded by epoch and by not having ended, so that a stale dispatcher is refused. */
export function writeAttempt(k: K, row: AttemptRow): Write {
  return { query: updateAttemptStatement(k, { ...row }), rows: 1 };
}

export function findTask(k: K, id: TaskId) {
  return selectTask(k, { id });
}

/** Stores another graph and parameters with a task; only together with a guarded change of it. */
export function writeBinding(k: K, row: Pick<TaskRow, 'id' | 'graph_hash' | 'parameters'>): Write {
  return { query: updateBindingStatement(k, row), rows: 1 };
}

/** Stores warnings about a task, once for each source. */
export function writeTaskWarnings(
  k: Kysely<TaskTables>,
  row: Omit<TaskWarningRow, 'warnings'> & { warnings: readonly TaskText[] },
): Write {
  return { query: insertWarningStatement(k, { ...row, warnings: JSON.stringify(row.warnings) }) };
}
