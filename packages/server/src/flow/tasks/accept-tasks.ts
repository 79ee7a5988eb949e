import { startTimeSlice, stringifyLosslessJson, type TimeSlice } from '@comfleet/comfyui';
import type {
  BatchId,
  HeldReason,
  Id,
  IdKind,
  PrincipalId,
  ProjectId,
  TaskEventType,
  TaskId,
} from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { failpoint } from '../../platform/lifecycle/failpoints.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { hashGraph, writeGraph } from './graph-texts.ts';
import { type KeyUse, writeKey } from './idempotency-keys.ts';
import type { TaskRequirements } from './requirements.ts';
import { createEvent } from './task-change.ts';
import { writeNewTask, writeTaskInputs, writeTaskWarnings } from './task-rows.ts';
import type { BatchRow, TaskDoor, TaskEventRow, TaskRow, TaskTables } from './task-tables.ts';

/** A task ready for acceptance: bound, validated, and complete. */
export interface NewTask {
  ownerId: PrincipalId;
  projectId: ProjectId | null;
  door: TaskDoor;
  taskType: string;
  name: string | null;
  workflow: { versionId: string; name: string; label: string } | null;
  graphText: string;
  parameters: Record<string, unknown>;
  seed: string | null;
  requirements: TaskRequirements;
  priority: number;
  timeoutMs: number;
  maxAttempts: number;
  fileName: string | null;
  outputPath: string | null;
  /** Why it cannot wait in a lane yet; null when it can. */
  heldReason: HeldReason | null;
  /** Sealed form of secret extra_data. */
  sealedSecrets: Uint8Array | null;
  batch: { id: BatchId; index: number } | null;
  /** Warnings about decisions for its sender, such as a model that stands in for another. */
  warnings: readonly TaskText[];
}

export interface AcceptDeps {
  database: Database<TaskTables>;
  clock: Clock;
  createId: <K extends IdKind>() => Id<K>;
  /** The lane of a task, as the fleet is known now. */
  laneOf: (requirements: TaskRequirements) => string;
  /** The next number in acceptance order, see `createAcceptanceOrder`. */
  nextSeq: (atMs: number) => number;
}

export interface Acceptance {
  actor: string;
  idempotency: KeyUse | null;
  batch: BatchRow | null;
}

export type AcceptOutcome =
  | { kind: 'accepted'; tasks: TaskRow[]; events: TaskEventRow[] }
  /** The key was used before: `loadKeySubject` finds what it created. */
  | { kind: 'repeated'; key: KeyUse };

/** Numbers tasks in acceptance order: microseconds of acceptance, made unique. A process has one. */
export function createAcceptanceOrder(): AcceptDeps['nextSeq'] {
  let last = 0;
  return (atMs) => {
    last = Math.max(last + 1, Math.floor(atMs * 1000));
    return last;
  };
}

/** Accepts tasks: stores graph, task, events, key and batch in one transaction. Callers announce them after that only. */
export async function acceptTasks(
  { database, clock, createId, laneOf, nextSeq }: AcceptDeps,
  newTasks: readonly NewTask[],
  acceptance: Acceptance,
): Promise<AcceptOutcome> {
  const { idempotency } = acceptance;
  const atMs = database.nowMs();
  const slice = startTimeSlice(clock);
  const rows: TaskRow[] = [];
  for (const task of newTasks) {
    const order = { id: createId<'task'>(), lane: laneOf(task.requirements), seq: nextSeq(atMs), atMs };
    rows.push(toTaskRow(task, order));
    await slice.yieldIfSpent();
  }
  const events = rows.map((row) => createFirstEvents(row, acceptance.actor, atMs));
  const writes = await listWrites(database, slice, { newTasks, rows, events, acceptance, atMs });
  failpoint('before_accept_commit');
  const outcome = await database.commit(writes);
  failpoint('after_accept_commit');
  if (outcome.kind === 'committed') return { kind: 'accepted', tasks: rows, events: events.flat() };
  if (!idempotency) throw new AppError('INTERNAL', { reason: outcome.reason });
  return { kind: 'repeated', key: idempotency };
}

interface AcceptedRows {
  newTasks: readonly NewTask[];
  rows: readonly TaskRow[];
  events: readonly TaskEventRow[][];
  acceptance: Acceptance;
  atMs: number;
}

async function listWrites(
  database: Database<TaskTables>,
  slice: TimeSlice,
  { newTasks, rows, events, acceptance, atMs }: AcceptedRows,
): Promise<Write[]> {
  const { batch, idempotency } = acceptance;
  const [first] = rows;
  if (!first) throw new AppError('INVALID_REQUEST', { reason: 'nothing to accept' });
  const subjectId = batch?.id ?? first.id;
  const writes: Write[] = [];
  if (idempotency)
    writes.push(writeKey(database, { ownerId: first.owner_id, subjectId, atMs, ...idempotency }));
  if (batch) writes.push({ query: database.k.insertInto('batch').values(batch) });
  const graphs = new Map(newTasks.map((task, index) => [rows[index]?.graph_hash ?? '', task.graphText]));
  // In one order everywhere: two batches that share graphs must not wait for each other.
  const inOrder = [...graphs].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [hash, text] of inOrder) {
    writes.push(writeGraph(database, { hash, text, atMs }));
    await slice.yieldIfSpent();
  }
  for (const [index, row] of rows.entries()) {
    await slice.yieldIfSpent();
    const task = newTasks[index];
    if (task) writes.push(...listTaskWrites(database, { task, row, events: events[index] ?? [] }));
  }
  return writes;
}

function listTaskWrites(
  { k }: Database<TaskTables>,
  { task, row, events }: { task: NewTask; row: TaskRow; events: readonly TaskEventRow[] },
): Write[] {
  const { sealedSecrets: sealed, requirements, warnings } = task;
  const secret = { task_id: row.id, created_at: row.created_at };
  const stored = { task_id: row.id, source: 'binding', warnings, at: row.created_at } as const;
  return [
    ...writeNewTask(k, row, events),
    ...(warnings.length > 0 ? [writeTaskWarnings(k, stored)] : []),
    ...writeTaskInputs(k, row.id, requirements.inputs),
    ...(sealed ? [{ query: k.insertInto('task_secret').values({ ...secret, sealed }) }] : []),
  ];
}

interface AcceptedOrder {
  id: TaskId;
  lane: string;
  seq: number;
  atMs: number;
}

function toTaskRow(task: NewTask, { id, lane, seq, atMs }: AcceptedOrder): TaskRow {
  return {
    id,
    owner_id: task.ownerId,
    project_id: task.projectId,
    state: task.heldReason ? 'held' : 'queued',
    version: 2,
    epoch: 0,
    priority: task.priority,
    accepted_seq: seq,
    task_type: task.taskType,
    name: task.name,
    workflow_version_id: task.workflow?.versionId ?? null,
    workflow_name: task.workflow?.name ?? null,
    workflow_label: task.workflow?.label ?? null,
    graph_hash: hashGraph(task.graphText),
    parameters: stringifyLosslessJson(task.parameters),
    seed: task.seed,
    requirements: JSON.stringify(task.requirements),
    lane,
    batch_id: task.batch?.id ?? null,
    batch_index: task.batch?.index ?? null,
    held_reason: task.heldReason,
    due_at: null,
    cancel_requested_at: null,
    timeout_ms: task.timeoutMs,
    max_attempts: task.maxAttempts,
    attempt_count: 0,
    deaths: 0,
    worker_id: null,
    prompt_id: null,
    public_prompt_id: null,
    door: task.door,
    file_name: task.fileName,
    output_path: task.outputPath,
    error: null,
    put_epoch: 0,
    created_at: atMs,
    started_at: null,
    ended_at: null,
  };
}

function createFirstEvents(row: TaskRow, actor: string, atMs: number): TaskEventRow[] {
  const second: TaskEventType = row.state === 'held' ? 'task.held' : 'task.queued';
  return [
    createEvent({ ...row, version: 1, held_reason: null }, { type: 'task.accepted', actor }, atMs),
    createEvent(row, { type: second }, atMs),
  ];
}
