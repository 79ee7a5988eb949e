import type { Preview, Progress } from '@comfleet/contract';

/** The newest progress and preview of each running task; gone when the task ends. Late joiners read them before the stream goes on. */
export class ProgressBoard {
  readonly #byTask = new Map<string, Progress>();
  readonly #previews = new Map<string, () => Preview>();

  put(taskId: string, progress: Progress): void {
    this.#byTask.set(taskId, progress);
  }

  find(taskId: string): Progress | null {
    return this.#byTask.get(taskId) ?? null;
  }

  /** `read` makes the preview when someone asks for it. One that comes without progress is late: its task has ended. */
  putPreview(taskId: string, read: () => Preview): void {
    if (this.#byTask.has(taskId)) this.#previews.set(taskId, read);
  }

  findPreview(taskId: string): Preview | null {
    return this.#previews.get(taskId)?.() ?? null;
  }

  forget(taskId: string): void {
    this.#byTask.delete(taskId);
    this.#previews.delete(taskId);
  }
}
