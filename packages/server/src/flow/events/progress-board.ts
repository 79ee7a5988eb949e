import type { Progress } from '@comfleet/contract';

/** The newest progress of each running task; gone when the task ends. Late joiners read it before the stream goes on. */
export class ProgressBoard {
  readonly #byTask = new Map<string, Progress>();

  put(taskId: string, progress: Progress): void {
    this.#byTask.set(taskId, progress);
  }

  find(taskId: string): Progress | null {
    return this.#byTask.get(taskId) ?? null;
  }

  forget(taskId: string): void {
    this.#byTask.delete(taskId);
  }
}
