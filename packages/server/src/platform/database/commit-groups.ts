import { AppError, toError } from '../errors/app-error.ts';
import type { Clock, Random } from '../time/clock.ts';
import type { CommitOutcome } from './database.ts';
import {
  type FailureKind,
  RESPONSE_TIMEOUT_MS,
  type ServerConnection,
  type ServerPool,
  type StatementResult,
} from './server-pool.ts';
import type { CommitRequest, RawWrite } from './sqlite-writer.ts';
import { within } from './within.ts';

const MAX_ATTEMPTS = 5;

interface Waiting {
  writes: CommitRequest;
  resolve: (outcome: CommitOutcome) => void;
  reject: (error: Error) => void;
}

/** COMMIT was sent and its response never came: only reading the rows shows whether it was applied. */
class CommitUnclear extends Error {}

export interface CommitGroupOptions {
  clock: Clock;
  random: Random;
  poolSize: number;
  /** Maximum commits in one transaction. */
  groupSize?: number;
  /** Maximum concurrent transactions. */
  lanes?: number;
}

/**
 * Runs commits on a database server. Commits that arrive while all lanes are busy wait and share the next transaction, each
 * behind its own savepoint, so that one fsync serves many and a refused one does not affect the others.
 */
export class CommitGroups {
  readonly #pool: ServerPool;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #groupSize: number;
  readonly #lanes: number;
  readonly #waiting: Waiting[] = [];
  #busy = 0;
  #onIdle: (() => void)[] = [];

  constructor(pool: ServerPool, { clock, random, poolSize, groupSize, lanes }: CommitGroupOptions) {
    this.#pool = pool;
    this.#clock = clock;
    this.#random = random;
    this.#groupSize = groupSize ?? 32;
    this.#lanes = Math.max(1, Math.min(lanes ?? 2, poolSize - 1));
  }

  commit(writes: CommitRequest): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, resolve, reject });
      // After the current microtasks, so that commits requested together share a transaction.
      queueMicrotask(() => this.#start());
    });
  }

  /** Resolves when every submitted commit has its outcome. */
  async drain(): Promise<void> {
    if (this.#busy === 0 && this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #start(): void {
    while (this.#busy < this.#lanes && this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#groupSize);
      this.#busy += 1;
      void this.#settle(group).finally(() => {
        this.#busy -= 1;
        this.#start();
        if (this.#busy === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
      });
    }
  }

  async #settle(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#tryGroup(group.map((item) => item.writes));
      group.forEach((item, index) => {
        const outcome = outcomes[index];
        if (outcome) item.resolve(outcome);
      });
    } catch (thrown) {
      // One commit's bad SQL must not fail the others: each runs alone, and only its own caller gets the error.
      if (group.length > 1 && thrown instanceof AppError && thrown.code === 'INTERNAL') {
        for (const item of group) await this.#settle([item]);
        return;
      }
      for (const item of group) item.reject(toError(thrown));
    }
  }

  async #tryGroup(group: readonly CommitRequest[]): Promise<CommitOutcome[]> {
    let lostOnce = false;
    for (let attempt = 1; ; attempt += 1) {
      const connection = await this.#pool.acquire();
      try {
        const outcomes = await this.#runGroup(connection, group);
        connection.release();
        return outcomes;
      } catch (thrown) {
        const failure = await this.#leave(connection, thrown);
        const mayRetry = failure === 'conflict' ? attempt < MAX_ATTEMPTS : failure === 'lost' && !lostOnce;
        if (!mayRetry) throw toCommitError(thrown, failure);
        if (failure === 'lost') lostOnce = true;
        else await this.#clock.sleep(this.#random.fraction() * 10 * 2 ** attempt);
      }
    }
  }

  /** Rolls back what is open and releases the connection; returns how to handle the failure. */
  async #leave(connection: ServerConnection, thrown: unknown): Promise<Failure> {
    const failure = this.#classify(thrown);
    if (failure !== 'conflict' && failure !== 'fault') {
      connection.destroy();
      return failure;
    }
    try {
      // Also after a lock wait: MySQL rolls back only the statement and keeps the transaction open (error 1205).
      await this.#answer(connection.run('rollback'));
      connection.release();
    } catch {
      // The connection is unusable; closing it rolls back the transaction on the server.
      connection.destroy();
    }
    return failure;
  }

  #classify(thrown: unknown): Failure {
    if (thrown instanceof CommitUnclear) return 'unclear';
    if (thrown instanceof AppError) return thrown.code === 'UNAVAILABLE' ? 'timeout' : 'fault';
    const kind = this.#pool.classify(thrown);
    return kind === 'duplicate' || kind === 'missing_reference' ? 'fault' : kind;
  }

  async #runGroup(connection: ServerConnection, group: readonly CommitRequest[]): Promise<CommitOutcome[]> {
    const [only] = group;
    if (group.length === 1 && only) {
      const outcome = await this.#answer(this.#runOne(connection, 'begin', only));
      if (outcome.kind === 'refused') await this.#answer(connection.run('rollback'));
      else await this.#makeDurable(connection);
      return [outcome];
    }
    const outcomes: CommitOutcome[] = [];
    await this.#answer(connection.run('begin'));
    for (const writes of group) {
      const outcome = await this.#answer(this.#runOne(connection, 'savepoint one', writes));
      if (outcome.kind === 'refused') await this.#answer(connection.run('rollback to savepoint one'));
      outcomes.push(outcome);
    }
    await this.#makeDurable(connection);
    return outcomes;
  }

  async #runOne(connection: ServerConnection, before: string, writes: CommitRequest): Promise<CommitOutcome> {
    const answers = this.#pool.pipelines
      ? await runTogether(connection, before, writes)
      : await runInTurn(connection, before, writes);
    for (const [index, answer] of answers.entries()) {
      if (answer.status === 'rejected') {
        const reason = this.#pool.classify(answer.reason);
        if (reason !== 'duplicate' && reason !== 'missing_reference') throw answer.reason;
        return { kind: 'refused', index, reason };
      }
      const rows = writes[index]?.rows ?? null;
      if (rows !== null && answer.value.matched !== rows)
        return { kind: 'refused', index, reason: 'unmatched' };
    }
    return { kind: 'committed' };
  }

  async #makeDurable(connection: ServerConnection): Promise<void> {
    try {
      await this.#answer(connection.commit());
    } catch (thrown) {
      const failure = this.#classify(thrown);
      if (failure === 'conflict' || failure === 'fault') throw thrown;
      throw new CommitUnclear('no answer to COMMIT', { cause: thrown });
    }
  }

  #answer<T>(promise: Promise<T>): Promise<T> {
    return within(this.#clock, RESPONSE_TIMEOUT_MS, promise);
  }
}

type Failure = Exclude<FailureKind, 'duplicate' | 'missing_reference'> | 'timeout' | 'unclear';
type Answer = PromiseSettledResult<StatementResult>;

/** Sends all statements at once; after an error PostgreSQL refuses the rest until the rollback. */
async function runTogether(
  connection: ServerConnection,
  before: string,
  writes: readonly RawWrite[],
): Promise<Answer[]> {
  const [opened, ...answers] = await Promise.allSettled([
    connection.run(before),
    ...writes.map(({ sql, parameters }) => connection.run(sql, parameters)),
  ]);
  if (opened?.status === 'rejected') throw opened.reason;
  return answers;
}

/** Runs them in turn until the first failure: on MySQL a deadlock ends the transaction, and later ones would run outside it. */
async function runInTurn(
  connection: ServerConnection,
  before: string,
  writes: readonly RawWrite[],
): Promise<Answer[]> {
  await connection.run(before);
  const answers: Answer[] = [];
  for (const { sql, parameters, rows } of writes) {
    try {
      const value = await connection.run(sql, parameters);
      answers.push({ status: 'fulfilled', value });
      if (rows !== null && value.matched !== rows) break;
    } catch (reason) {
      answers.push({ status: 'rejected', reason });
      break;
    }
  }
  return answers;
}

function toCommitError(thrown: unknown, failure: Failure): Error {
  if (thrown instanceof AppError) return thrown;
  const cause = toError(thrown);
  if (failure === 'fault') return new AppError('INTERNAL', null, { cause });
  if (failure === 'unclear') return new AppError('UNAVAILABLE', { commit: 'unknown' }, { cause });
  return new AppError('UNAVAILABLE', { reason: failure }, { cause });
}
