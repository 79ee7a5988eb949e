import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { RecentValues } from '../memory/recent-values.ts';
import type { CommitOutcome } from './database.ts';
import { readCode } from './sqlite-codes.ts';

/** How many prepared statements are kept. */
const MAX_STATEMENTS = 300;

export interface RawWrite {
  sql: string;
  parameters: readonly unknown[];
  rows: number | null;
}
export type CommitRequest = readonly RawWrite[];
/**
 * A part of a group as sent to this thread: each statement's text once, referenced by index from the writes. Ten thousand tasks
 * are fifty thousand writes of five texts, and everything sent is copied.
 */
export interface CommitPart {
  texts: readonly string[];
  commits: readonly (readonly { text: number; parameters: readonly unknown[]; rows: number | null }[])[];
  /** Its first commit continues the last one of the previous part. */
  continues: boolean;
  isLast: boolean;
}
/** `fault`: the commit's own SQL is wrong; nothing of it was applied. */
export type WriterOutcome = CommitOutcome | { kind: 'fault'; message: string };
/** `failed`: nothing of the whole group was applied, as when the disk is full; `errcode` is SQLite's. */
export type WorkerReply =
  | { kind: 'group'; outcomes: WriterOutcome[] }
  | { kind: 'failed'; message: string; errcode: number | null };

interface Options {
  file: string;
  durability: 'power' | 'process';
}

/* SQLITE_CONSTRAINT_* extended codes, as node:sqlite's `errcode` gives them (dependencies: 1555 primary key, 2067 unique). */
const DUPLICATE = new Set([1555, 2067]);
const MISSING_REFERENCE = 787;
/** Primary codes ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE. */
const FAULT_CODES = new Set([1, 18, 19, 20, 25]);

function openWriter(options: Options): InstanceType<typeof DatabaseSync> {
  const db = new DatabaseSync(options.file);
  db.exec('pragma busy_timeout = 5000');
  db.exec('pragma journal_mode = wal');
  db.exec(`pragma synchronous = ${options.durability === 'power' ? 'full' : 'normal'}`);
  db.exec('pragma foreign_keys = on');
  db.exec('pragma wal_autocheckpoint = 2000');
  db.exec('pragma cache_size = -65536');
  return db;
}

/**
 * Checkpoints the WAL, so that the file alone is a complete copy. Closing does not: the driver cannot finalise prepared
 * statements, and SQLite keeps a connection half open for them.
 */
function closeWriter(db: InstanceType<typeof DatabaseSync>): void {
  db.exec('pragma wal_checkpoint(truncate)');
  db.close();
}

function serve(options: Options): void {
  const port = parentPort;
  if (!port) throw new Error('this file is the entry of a worker thread');
  const db = openWriter(options);
  const statements = new RecentValues<string, ReturnType<typeof db.prepare>>(MAX_STATEMENTS);
  const prepare = (sql: string) => statements.use(sql, () => db.prepare(sql));

  function runOne(commit: CommitRequest): WriterOutcome {
    for (const [index, { sql, parameters, rows }] of commit.entries()) {
      try {
        const { changes } = prepare(sql).run(...(parameters as never[]));
        if (rows !== null && Number(changes) !== rows) return { kind: 'refused', index, reason: 'unmatched' };
      } catch (thrown) {
        const reason = constraintReason(thrown);
        if (reason) return { kind: 'refused', index, reason };
        if (!isFault(thrown)) throw thrown;
        return { kind: 'fault', message: thrown instanceof Error ? thrown.message : String(thrown) };
      }
    }
    return { kind: 'committed' };
  }

  function runGroup(commits: readonly CommitRequest[]): WriterOutcome[] {
    db.exec('begin immediate');
    try {
      const outcomes = commits.map((commit) => {
        db.exec('savepoint one');
        const outcome = runOne(commit);
        if (outcome.kind !== 'committed') db.exec('rollback to one');
        db.exec('release one');
        return outcome;
      });
      db.exec('commit');
      return outcomes;
    } catch (thrown) {
      if (db.isTransaction) db.exec('rollback');
      throw thrown;
    }
  }

  let group: RawWrite[][] = [];
  port.on('message', (message: 'close' | CommitPart) => {
    if (message === 'close') {
      closeWriter(db);
      port.close();
      return;
    }
    addPart(group, message);
    if (!message.isLast) return;
    const commits = group;
    group = [];
    let reply: WorkerReply;
    try {
      reply = { kind: 'group', outcomes: runGroup(commits) };
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      reply = { kind: 'failed', message, errcode: readCode(thrown) };
    }
    port.postMessage(reply);
  });
  port.postMessage('ready');
}

function addPart(group: RawWrite[][], { texts, commits, continues }: CommitPart): void {
  for (const [index, commit] of commits.entries()) {
    const writes = commit.map(({ text, ...write }) => ({ ...write, sql: texts[text] ?? '' }));
    const open = continues && index === 0 ? group.at(-1) : undefined;
    if (open) open.push(...writes);
    else group.push(writes);
  }
}

/** True for wrong SQL, broken constraints and values that cannot be bound: a fault of one commit, not of the file. */
function isFault(thrown: unknown): boolean {
  const code = readCode(thrown);
  return code === null || FAULT_CODES.has(code);
}

function constraintReason(thrown: unknown): 'duplicate' | 'missing_reference' | null {
  if (typeof thrown !== 'object' || thrown === null || !('errcode' in thrown)) return null;
  const code = Number(thrown.errcode);
  if (DUPLICATE.has(code)) return 'duplicate';
  return code === MISSING_REFERENCE ? 'missing_reference' : null;
}

serve(workerData as Options);
