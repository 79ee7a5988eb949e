import type { Clock } from '../time/clock.ts';
import type { SocketLike } from './socket-dialer.ts';

const WINDOW_MS = 100;
/** Above this many frames in a window only the latest progress is read. ComfyUI sends about a hundred a second. */
const MAX_READ_ALL = 200;
/** Above this many none is read; what matters is in the history as well. */
const MAX_READ = 2000;
/** Above this many the connection is paused. */
const FLOOD = 10_000;

const PROGRESS = /^\{\s?"type":\s?"(progress\w*)"/;

export interface FrameGateOptions {
  clock: Clock;
  socket: Pick<SocketLike, 'pause' | 'resume'>;
  read: (text: string) => void;
  /** Called for a dropped frame. */
  drop: () => void;
}

/** Limits the frames between a connection and its reader, so that a flood costs no more than a busy server. */
export class FrameGate {
  readonly #options: FrameGateOptions;
  /** Latest unread frame of each kind of progress. */
  readonly #unread = new Map<string, string>();
  #windowMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(options: FrameGateOptions) {
    this.#options = options;
  }

  /** Takes a text frame, which is read now, later, or not at all. */
  take(text: string): void {
    if (!this.admit()) return;
    const kind = this.#count > MAX_READ_ALL ? PROGRESS.exec(text.slice(0, 60))?.[1] : undefined;
    if (kind === undefined) {
      this.#readHeld();
      this.#options.read(text);
      return;
    }
    this.#unread.delete(kind);
    this.#unread.set(kind, text);
    this.#wake();
  }

  /** Counts a frame. Returns false when there are too many. */
  admit(): boolean {
    const { clock, socket, drop } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#windowMs >= WINDOW_MS) {
      this.#windowMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count <= MAX_READ) return true;
    drop();
    if (this.#count === FLOOD) socket.pause?.();
    this.#wake();
    return false;
  }

  /** The connection has ended. */
  close(): void {
    this.#cancelTimer?.();
    this.#unread.clear();
  }

  #wake(): void {
    this.#cancelTimer ??= this.#options.clock.setTimer(WINDOW_MS, () => {
      this.#cancelTimer = null;
      this.#options.socket.resume?.();
      this.#readHeld();
    });
  }

  #readHeld(): void {
    if (this.#unread.size === 0) return;
    const texts = [...this.#unread.values()];
    this.#unread.clear();
    for (const text of texts) this.#options.read(text);
  }
}
