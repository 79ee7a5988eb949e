/** Listeners of one event. One that throws is reported and does not affect the others. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #report: (cause: unknown) => void;

  constructor(report: (cause: unknown) => void) {
    this.#report = report;
  }

  add(listener: (event: Event) => void): () => void {
    const own = (event: Event): void => listener(event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  emit(event: Event): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (cause) {
        this.#report(cause);
      }
    }
  }

  /** Resolves with the next event; rejects with the signal's reason. */
  next(signal?: AbortSignal): Promise<Event> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const done = (): void => {
        remove();
        signal?.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        done();
        reject(signal?.reason);
      };
      const remove = this.add((event) => {
        done();
        resolve(event);
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
