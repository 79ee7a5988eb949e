import type { Preview, Progress, TaskId } from '@comfleet/contract';
import type { TaskEventRow } from '../../platform/database/schema.ts';

/** What happens, as watchers inside this process see it; states are in SQL already when they are told here. */
export type Happening =
  | { kind: 'event'; taskId: TaskId; ownerId: string; batchId: string | null; event: TaskEventRow }
  | { kind: 'progress'; taskId: TaskId; ownerId: string; batchId: string | null; progress: Progress }
  | { kind: 'preview'; taskId: TaskId; ownerId: string; batchId: string | null; preview: Preview };

type Listener = (happening: Happening) => void;

/**
 * The bus of one process. Listeners by what they watch: a task, a batch, an owner. It keeps nothing: who joins late
 * reads SQL first.
 */
export class EventHub {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  publish(happening: Happening): void {
    this.#tell(`task:${happening.taskId}`, happening);
    if (happening.batchId) this.#tell(`batch:${happening.batchId}`, happening);
    this.#tell(`owner:${happening.ownerId}`, happening);
    this.#tell('all', happening);
  }

  /** Whether anyone watches: previews are decoded only then. */
  isWatched(taskId: TaskId, ownerId: string, batchId: string | null): boolean {
    const keys = [`task:${taskId}`, `owner:${ownerId}`, 'all', ...(batchId ? [`batch:${batchId}`] : [])];
    return keys.some((key) => this.#listeners.has(key));
  }

  /** `key` is `task:ID`, `batch:ID`, `owner:ID` or `all`. The answer unsubscribes. */
  subscribe(key: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(key) ?? new Set<Listener>();
    listeners.add(listener);
    this.#listeners.set(key, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(key);
    };
  }

  #tell(key: string, happening: Happening): void {
    for (const listener of this.#listeners.get(key) ?? []) {
      try {
        listener(happening);
      } catch (error) {
        // A failing listener must not stop a task (PR8).
        this.#onListenerError(error);
      }
    }
  }
}
