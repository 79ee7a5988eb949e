import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { stringifyLosslessJson } from '@comfleet/comfyui';
import {
  type BatchId,
  type HeldReason,
  type Id,
  type IdKind,
  type PrincipalId,
  parseId,
  type TaskEventType,
  type TaskId,
} from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { GraphTables } from '../../platform/database/graph-tables.ts';
import { statement } from '../../platform/database/statement.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { reach } from '../../platform/lifecycle/failpoints.ts';
import { createTurns } from '../../platform/lifecycle/turns.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { createLaneKey, type TaskRequirements } from './requirements.ts';
import { createEvent } from './task-change.ts';
import { writeNewTask, writeTaskInputs } from './task-rows.ts';
import type { BatchRow, IdempotencyRow, TaskEventRow, TaskRow, TaskTables } from './task-tables.ts';

/** A task ready to be accepted: bound, validated, with everything it will ever run with. */
export interface NewTask {
  ownerId: PrincipalId;
  projectId: string | null;
  door: string;
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
}

export interface AcceptDeps {
  database: Database<TaskTables>;
  clock: Clock;
  createId: <K extends IdKind>() => Id<K>;
}

export interface Acceptance {
  actor: string;
  idempotency: KeyUse | null;
  batch: BatchRow | null;
}

export type AcceptOutcome =
  | { kind: 'accepted'; tasks: TaskRow[]; events: TaskEventRow[] }
  /** The key came before: `loadKeySubject` finds what it made. */
  | { kind: 'repeated'; key: KeyUse };

let lastSeq = 0;

/**
 * Accepts tasks: graph, task, events, key and batch become durable in one transaction, and only then is anyone told.
 */
export async function acceptTasks(
  { database, clock, createId }: AcceptDeps,
  newTasks: readonly NewTask[],
  acceptance: Acceptance,
): Promise<AcceptOutcome> {
  const { idempotency } = acceptance;
  const atMs = database.nowMs();
  const turns = createTurns(clock);
  const rows: TaskRow[] = [];
  for (const task of newTasks) {
    rows.push(toTaskRow(task, createId<'task'>(), atMs));
    await turns.next();
  }
  const events = rows.map((row) => createFirstEvents(row, acceptance.actor, atMs));
  const writes = await listWrites(database, turns, { newTasks, rows, events, acceptance, atMs });
  reach('before_accept_commit');
  const outcome = await database.commit(writes);
  reach('after_accept_commit');
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
  turns: ReturnType<typeof createTurns>,
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
    await turns.next();
  }
  for (const [index, row] of rows.entries()) {
    await turns.next();
    writes.push(...writeNewTask(database.k, row, events[index] ?? []));
    writes.push(...writeTaskInputs(database.k, row.id, newTasks[index]?.requirements.inputs ?? []));
    const sealed = newTasks[index]?.sealedSecrets;
    if (sealed)
      writes.push({
        query: database.k.insertInto('task_secret').values({ task_id: row.id, sealed, created_at: atMs }),
      });
  }
  return writes;
}

/** A key as a request brings it: keys of different doors are apart. */
export interface KeyUse {
  door: string;
  key: string;
  bodyHash: string;
}

type SubjectKind = 'task' | 'batch' | 'asset';

type KeyColumns = { [K in keyof IdempotencyRow]: IdempotencyRow[K] };

const selectKey = statement<TaskTables, Pick<KeyColumns, 'owner_id' | 'door' | 'key'>, IdempotencyRow>(
  (k, p) =>
    k
      .selectFrom('idempotency')
      .selectAll()
      .where('owner_id', '=', p.owner_id)
      .where('door', '=', p.door)
      .where('key', '=', p.key),
);
const insertKey = statement<TaskTables, KeyColumns>((k, p) =>
  k.insertInto('idempotency').values({
    owner_id: p.owner_id,
    door: p.door,
    key: p.key,
    body_hash: p.body_hash,
    subject_id: p.subject_id,
    created_at: p.created_at,
  }),
);

/**
 * What a key made, null for a key that is not used. `K` is what requests of its door make. Throws IDEMPOTENCY_CONFLICT
 * when the key came with another body.
 */
export async function findKeySubject<K extends SubjectKind>(
  database: Database<TaskTables>,
  ownerId: PrincipalId,
  { door, key, bodyHash }: KeyUse,
): Promise<Id<K> | null> {
  const [known] = await database.read(selectKey(database.k, { owner_id: ownerId, door, key }));
  if (!known) return null;
  if (known.body_hash !== bodyHash) throw new AppError('IDEMPOTENCY_CONFLICT', { key });
  const subject = parseId<K>(known.subject_id);
  if (subject === null) throw new AppError('INTERNAL', { reason: 'a key stands for no id', key });
  return subject;
}

/** What a key made that was used a moment ago. Throws as `findKeySubject`, and UNAVAILABLE when it is gone. */
export async function loadKeySubject<K extends SubjectKind>(
  database: Database<TaskTables>,
  ownerId: PrincipalId,
  use: KeyUse,
): Promise<Id<K>> {
  const known = await findKeySubject<K>(database, ownerId, use);
  if (known === null) throw new AppError('UNAVAILABLE', { reason: 'the key vanished while it was read' });
  return known;
}

function toTaskRow(task: NewTask, id: TaskId, atMs: number): TaskRow {
  lastSeq = Math.max(lastSeq + 1, Math.floor(atMs * 1000));
  return {
    id,
    owner_id: task.ownerId,
    project_id: task.projectId,
    state: task.heldReason ? 'held' : 'queued',
    version: 2,
    epoch: 0,
    priority: task.priority,
    accepted_seq: lastSeq,
    task_type: task.taskType,
    name: task.name,
    workflow_version_id: task.workflow?.versionId ?? null,
    workflow_name: task.workflow?.name ?? null,
    workflow_label: task.workflow?.label ?? null,
    graph_hash: hashGraph(task.graphText),
    parameters: stringifyLosslessJson(task.parameters),
    seed: task.seed,
    requirements: JSON.stringify(task.requirements),
    lane: createLaneKey(task.requirements),
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

/** Content address of a graph's JSON text. */
export function hashGraph(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

type GraphColumns = { hash: string; size_bytes: number; body: Uint8Array; created_at: number };

/** Adds a graph or makes a known one young again, so that the sweep of unused graphs leaves it to its new user. */
const upsertGraph = statement<GraphTables, GraphColumns>((k, p) =>
  k
    .insertInto('graph')
    .values({ hash: p.hash, size_bytes: p.size_bytes, body: p.body, created_at: p.created_at })
    .onConflict((conflict) => conflict.column('hash').doUpdateSet({ created_at: p.created_at })),
);
const upsertGraphMysql = statement<GraphTables, GraphColumns>((k, p) =>
  k
    .insertInto('graph')
    .values({ hash: p.hash, size_bytes: p.size_bytes, body: p.body, created_at: p.created_at })
    .onDuplicateKeyUpdate({ created_at: p.created_at }),
);

/** A graph's row by its content. */
export function writeGraph(
  database: Database<GraphTables>,
  { hash, text, atMs }: { hash: string; text: string; atMs: number },
): Write {
  const insert = database.driver === 'mysql' ? upsertGraphMysql : upsertGraph;
  // Copied, because zlib answers a view of a buffer of 16 kB, which ten thousand graphs of a batch would hold.
  const body = new Uint8Array(deflateRawSync(text, { level: 1 }));
  return { query: insert(database.k, { hash, size_bytes: text.length, body, created_at: atMs }) };
}

const selectGraph = statement<GraphTables, { hash: string }, { body: Uint8Array }>((k, p) =>
  k.selectFrom('graph').select('body').where('hash', '=', p.hash),
);

/** A graph's JSON text with every number as its caller wrote it. */
export async function loadGraphText(database: Database<GraphTables>, hash: string): Promise<string> {
  const [row] = await database.read(selectGraph(database.k, { hash }));
  if (!row) throw new AppError('INTERNAL', { reason: 'graph is missing', hash });
  return inflateRawSync(row.body).toString('utf8');
}

/** Claims a key for what the same commit makes; refused as a duplicate when it is used. */
export function writeKey(
  database: Database<TaskTables>,
  key: { ownerId: PrincipalId; door: string; key: string; bodyHash: string; subjectId: string; atMs: number },
): Write {
  return {
    query: insertKey(database.k, {
      owner_id: key.ownerId,
      door: key.door,
      key: key.key,
      body_hash: key.bodyHash,
      subject_id: key.subjectId,
      created_at: key.atMs,
    }),
  };
}
