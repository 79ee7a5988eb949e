import type { Logger } from '../logging/logger.ts';

/** A set of listeners. They run synchronously and must be quick; one that throws is logged, and the others still run. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #logger: Logger;
  readonly #failure: string;

  /** `failure` is the log event for a listener that throws. */
  constructor(logger: Logger, failure: string) {
    this.#logger = logger;
    this.#failure = failure;
  }

  /** Returns the function that unsubscribes. A function added twice is called twice. */
  add(listener: (value: T) => void): () => void {
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** `context` is logged when a listener throws. */
  emit(value: T, context: Readonly<Record<string, unknown>> = {}): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (thrown) {
        this.#logger.error(this.#failure, { ...context, error: thrown });
      }
    }
  }
}
