import { setMaxListeners } from 'node:events';
import { toError } from '../errors/app-error.ts';
import type { Logger } from '../logging/logger.ts';
import type { Clock } from '../time/clock.ts';

interface Closer {
  name: string;
  close: () => Promise<void> | void;
  deadlineMs: number;
}

const DEFAULT_DEADLINE_MS = 10_000;

/**
 * Owns what was started: each resource is added on the line after its creation and closed in reverse order, each with its own
 * deadline. `close` is safe to call twice; its signal aborts every wait below.
 */
export class Scope {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closers: Closer[] = [];
  readonly #abort = new AbortController();
  #closing: Promise<void> | null = null;

  constructor(name: string, clock: Clock, logger: Logger) {
    this.#name = name;
    this.#clock = clock;
    this.#logger = logger;
    // Every wait below listens to this one signal.
    setMaxListeners(0, this.#abort.signal);
  }

  /** Aborted when closing begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  add(name: string, close: () => Promise<void> | void, options: { deadlineMs?: number } = {}): void {
    const closer = { name, close, deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS };
    if (this.#closing) void this.#closeLate(closer);
    else this.#closers.push(closer);
  }

  /** A child scope: closed with this one, before everything that was added earlier. */
  child(name: string): Scope {
    const child = new Scope(`${this.#name}/${name}`, this.#clock, this.#logger);
    this.add(name, () => child.close(), { deadlineMs: 30_000 });
    return child;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    this.#abort.abort(new Error(`${this.#name} is closing`));
    const failures: Error[] = [];
    for (const closer of this.#closers.reverse()) {
      try {
        await this.#closeOne(closer);
      } catch (thrown) {
        failures.push(toError(thrown));
        this.#reportFailure(closer, thrown);
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${this.#name}: ${failures.length} did not close cleanly`);
  }

  /** Opened by a start that nobody waited for: closed as soon as it exists. */
  async #closeLate(closer: Closer): Promise<void> {
    try {
      await this.#closeOne(closer);
    } catch (thrown) {
      this.#reportFailure(closer, thrown);
    }
  }

  #reportFailure({ name }: Closer, error: unknown): void {
    this.#logger.warn('scope.close_failed', { scope: this.#name, resource: name, error });
  }

  async #closeOne(closer: Closer): Promise<void> {
    let cancelTimer = () => {};
    const late = new Promise<never>((_resolve, reject) => {
      cancelTimer = this.#clock.setTimer(closer.deadlineMs, () =>
        reject(new Error(`${closer.name} did not close within ${closer.deadlineMs} ms`)),
      );
    });
    try {
      await Promise.race([Promise.resolve(closer.close()), late]);
    } finally {
      cancelTimer();
    }
  }
}
