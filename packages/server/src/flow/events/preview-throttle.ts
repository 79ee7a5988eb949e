import type { TaskId } from '@comfleet/contract';
import type { Clock } from '../../platform/time/clock.ts';

/** Larger previews are dropped. */
export const MAX_PREVIEW_BYTES = 64 * 1024;

/** Passes at most one preview of a task in each period: the latest, and none above 64 kB. */
export class PreviewThrottle {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #waiting = new Map<string, { bytes: Uint8Array; send: (bytes: Uint8Array) => void } | null>();

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  offer(taskId: TaskId, image: Uint8Array, send: (bytes: Uint8Array) => void): void {
    if (image.byteLength > MAX_PREVIEW_BYTES) return;
    if (this.#waiting.has(taskId)) {
      // Copied, because the frame's memory belongs to the socket.
      this.#waiting.set(taskId, { bytes: image.slice(), send });
      return;
    }
    this.#waiting.set(taskId, null);
    send(image);
    this.#clock.setTimer(this.#periodMs, () => this.#next(taskId));
  }

  /** The task has ended: drops its waiting preview. */
  forget(taskId: TaskId): void {
    if (this.#waiting.has(taskId)) this.#waiting.set(taskId, null);
  }

  #next(taskId: TaskId): void {
    const waiting = this.#waiting.get(taskId);
    this.#waiting.delete(taskId);
    if (waiting) this.offer(taskId, waiting.bytes, waiting.send);
  }
}
