import type { Logger } from '../logging/logger.ts';

/** Those who want to hear of something. Listeners run at once and must be quick; one that throws is logged, and the others go on. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #logger: Logger;
  readonly #failure: string;

  /** `failure` is the log line for a listener that throws. */
  constructor(logger: Logger, failure: string) {
    this.#logger = logger;
    this.#failure = failure;
  }

  /** Returns what ends the subscription. The same function added twice is heard twice. */
  add(listener: (value: T) => void): () => void {
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** `context` stands in the log line of a listener that throws. */
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
