import { isTerminal, type StreamFrame, type Submitted, type TaskState } from '@comfleet/contract';

/** A task that this client submitted and has not seen end. */
export interface PendingEntry {
  readonly taskId: string;
  readonly status: TaskState;
  readonly message: string;
  readonly promptId: string | null;
  readonly submittedAtMs: number;
}

/** How many are remembered; beyond it the oldest is forgotten. */
const MAX_REMEMBERED = 10_000;

/** Remembers this client's open tasks, by task id in the order of submission. */
export class PendingTasks {
  readonly #entries = new Map<string, PendingEntry>();

  get entries(): ReadonlyMap<string, PendingEntry> {
    return this.#entries;
  }

  add(submitted: Submitted, nowMs: number): void {
    if (isTerminal(submitted.status)) return;
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= MAX_REMEMBERED && oldest.done !== true) this.#entries.delete(oldest.value);
    const { task_id: taskId, status, message } = submitted;
    this.#entries.set(taskId, { taskId, status, message, promptId: null, submittedAtMs: nowMs });
  }

  /** Takes over what an answer says of a remembered task; one that ended is forgotten. */
  note(seen: { task_id: string; status: TaskState; message: string; prompt_id?: string | null }): void {
    const entry = this.#entries.get(seen.task_id);
    if (entry === undefined) return;
    if (isTerminal(seen.status)) {
      this.#entries.delete(seen.task_id);
      return;
    }
    const promptId = seen.prompt_id ?? entry.promptId;
    this.#entries.set(seen.task_id, { ...entry, status: seen.status, message: seen.message, promptId });
  }

  noteFrame(frame: StreamFrame): void {
    if (frame.kind === 'snapshot') this.note(frame.task);
    if (frame.kind !== 'event') return;
    const message = frame.task?.message ?? this.#entries.get(frame.event.task_id)?.message ?? '';
    this.note({ ...frame.event, message });
  }
}
