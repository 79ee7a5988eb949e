import { isTerminal, type StreamFrame, type Task } from '@comfleet/contract';
import type { ComfleetError } from '../errors.ts';
import type { NumberedFrame } from './stream-frames.ts';

/**
 * Where a watch stands. Streaming falls to polling after three streams in a row that gave nothing, or at once when the
 * server takes no more streams; after ten polls a stream is tried again. `ended` has no way out.
 */
export type WatchState =
  | { readonly mode: 'streaming'; readonly failures: number }
  | { readonly mode: 'polling'; readonly polls: number }
  | { readonly mode: 'ended' };

/** What can happen to a watch. `quiet`: the stream ended or broke without a frame; `alive`: after at least one. */
export type WatchEvent =
  | { readonly type: 'finished' }
  | { readonly type: 'stream.closed'; readonly hadFrames: boolean; readonly error: ComfleetError | null }
  | { readonly type: 'polled' };

const FAILURES_BEFORE_POLLING = 3;
const POLLS_BEFORE_STREAMING = 10;

export function nextWatchState(state: WatchState, event: WatchEvent): WatchState {
  if (state.mode === 'ended') return state;
  switch (event.type) {
    case 'finished':
      return { mode: 'ended' };
    case 'stream.closed': {
      if (state.mode !== 'streaming') return state;
      if (event.error?.status === 429) return { mode: 'polling', polls: 0 };
      const failures = event.hadFrames ? 1 : state.failures + 1;
      return failures >= FAILURES_BEFORE_POLLING
        ? { mode: 'polling', polls: 0 }
        : { mode: 'streaming', failures };
    }
    case 'polled': {
      if (state.mode !== 'polling') return state;
      const polls = state.polls + 1;
      return polls >= POLLS_BEFORE_STREAMING
        ? { mode: 'streaming', failures: 0 }
        : { mode: 'polling', polls };
    }
  }
}

/** What one watch has seen, so that nothing is shown twice after a reconnect. */
export class SeenFrames {
  readonly #numbers = new Map<string, number>();
  readonly #views = new Map<string, string>();
  #lastId: number | null;

  constructor(after: number | null) {
    this.#lastId = after;
  }

  /** The number to resume after; null when none was seen. */
  get lastId(): number | null {
    return this.#lastId;
  }

  /** False for an event that was shown before. */
  accept({ frame, number }: NumberedFrame): boolean {
    if (number !== null) this.#lastId = Math.max(number, this.#lastId ?? 0);
    if (frame.kind !== 'event') return true;
    const { task_id: taskId, number: eventNumber } = frame.event;
    if (eventNumber <= (this.#numbers.get(taskId) ?? 0)) return false;
    this.#numbers.set(taskId, eventNumber);
    return true;
  }

  /** False for a polled task that looks as it did at the last poll. */
  acceptPolled(task: Task): boolean {
    const {
      status,
      message,
      progress,
      queue_position: position,
      prompt_id: promptId,
      held_reason: held,
    } = task;
    const view = JSON.stringify([status, message, progress, position, promptId, held]);
    if (this.#views.get(task.task_id) === view) return false;
    this.#views.set(task.task_id, view);
    return true;
  }
}

/** The id of the task that this frame shows at its end; null for every other frame. */
export function endedTaskId(frame: StreamFrame): string | null {
  if (frame.kind === 'snapshot') return isTerminal(frame.task.status) ? frame.task.task_id : null;
  if (frame.kind === 'event') return isTerminal(frame.event.status) ? frame.event.task_id : null;
  return null;
}
