import type { ClientLedger } from './client-ledger.ts';
import type { PlannedTask } from './plan.ts';
import { readEvents } from './read-events.ts';
import type { Address, ServerProcess } from './server-process.ts';

/** A client that records all requests, responses and events, and retries when the server dies. */
export class KillClient {
  readonly #name: string;
  readonly #server: ServerProcess;
  readonly #token: string;
  readonly #ledger: ClientLedger;

  constructor(options: { name: string; token: string; server: ServerProcess; ledger: ClientLedger }) {
    this.#name = options.name;
    this.#token = options.token;
    this.#server = options.server;
    this.#ledger = options.ledger;
  }

  /** Submits all tasks, `atATime` at once, and follows each to its end. */
  async run(tasks: readonly PlannedTask[], atATime: number): Promise<void> {
    const waiting = [...tasks];
    const lane = async () => {
      for (let task = waiting.shift(); task; task = waiting.shift()) await this.#runTask(task);
    };
    await Promise.all(Array.from({ length: atATime }, lane));
  }

  /** Sends a task's request; every call has the same key and body. */
  async submit(task: PlannedTask): Promise<string> {
    const { key } = task;
    this.#ledger.push({ kind: 'sent', client: this.#name, key });
    const body = JSON.stringify({ graph: createGraph(task), max_attempts: task.maxAttempts });
    const answer = await this.#call('POST', '/api/v2/tasks', { body, key });
    const { task_id: taskId } = answer as { task_id: string };
    this.#ledger.push({ kind: 'accepted', client: this.#name, key, taskId });
    return taskId;
  }

  async #runTask(task: PlannedTask): Promise<void> {
    const taskId = await this.submit(task);
    await this.#follow(taskId, async (type) => {
      if (task.cancels && type === 'attempt.claimed') await this.#cancel(taskId);
    });
    if (task.repeats) await this.submit(task);
  }

  async #cancel(taskId: string): Promise<void> {
    const answer = (await this.#call('POST', `/api/v2/tasks/${taskId}/cancel`)) as {
      cancel_requested_at: string | null;
    };
    if (answer.cancel_requested_at !== null) this.#ledger.push({ kind: 'cancel_acknowledged', taskId });
  }

  /** Reads a task's events to the terminal one, across server deaths, resuming after the last one seen. */
  async #follow(taskId: string, onEvent: (type: string) => Promise<void>): Promise<void> {
    let after = 0;
    for (let hasEnded = false; !hasEnded; ) {
      hasEnded = await this.#withServer(async (address) => {
        const answer = await fetch(`${address.url}/api/v2/tasks/${taskId}/events`, {
          headers: { authorization: `Bearer ${this.#token}`, 'last-event-id': String(after) },
        });
        if (answer.status === 503) throw new BrokenStream('the server is stopping');
        if (!answer.ok || !answer.body) throw new Error(`events of ${taskId}: ${answer.status}`);
        for await (const { number, type, state } of readEvents(answer.body)) {
          this.#ledger.push({ kind: 'event', taskId, number, type, state });
          after = number;
          await onEvent(type);
          if (['succeeded', 'failed', 'canceled', 'expired'].includes(state)) return true;
        }
        throw new BrokenStream(`the events of ${taskId} stopped after ${after}`);
      });
    }
  }

  async #call(method: string, path: string, sent: { body?: string; key?: string } = {}): Promise<unknown> {
    return this.#withServer(async (address) => {
      const answer = await fetch(`${address.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(sent.key === undefined ? {} : { 'idempotency-key': sent.key }),
        },
        ...(sent.body === undefined ? {} : { body: sent.body }),
      });
      const text = await answer.text();
      if (answer.status === 503) throw new BrokenStream(`the server is stopping: ${text}`);
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return JSON.parse(text);
    });
  }

  /** Retries, once the server is back, a call that failed because the server died; any other failure is thrown. */
  async #withServer<T>(call: (address: Address) => Promise<T>): Promise<T> {
    for (;;) {
      const { address, ended } = await this.#server.whenUp();
      try {
        return await call(address);
      } catch (thrown) {
        if (!isBroken(thrown)) throw thrown;
        await within(ended, DEATH_MS, thrown);
      }
    }
  }
}

/** If the server still runs this long after a connection broke, its death was not the cause. */
const DEATH_MS = 30_000;

class BrokenStream extends Error {}

/** fetch reports a broken connection as a TypeError, undici's body as its own errors with a code. */
function isBroken(thrown: unknown): boolean {
  return thrown instanceof TypeError || thrown instanceof BrokenStream;
}

async function within(ended: Promise<void>, ms: number, cause: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the connection broke, the server lives', { cause })), ms);
  });
  try {
    await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A picture in a unique colour after a sleep: no two tasks share a result or a cache entry. */
function createGraph({ seconds, color }: PlannedTask) {
  return {
    '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color } },
    '2': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds } },
    '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: `kill/${color}` } },
  };
}
