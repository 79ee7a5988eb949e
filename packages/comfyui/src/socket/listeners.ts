/** Listeners of one event. One that throws is reported and does not stop the others. */
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
}
