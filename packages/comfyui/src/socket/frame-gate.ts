import type { Clock } from '../time/clock.ts';
import type { SocketLike } from './socket-dialer.ts';

const WINDOW_MS = 100;
/** Above this many frames a window only the newest progress is read. ComfyUI sends about a hundred a second. */
const UNHURRIED = 200;
/** Above this many none is read: what matters is in history too. */
const MOST = 2000;
/** Above this many the server has to wait. */
const FLOOD = 10_000;

const PROGRESS = /^\{\s?"type":\s?"(progress\w*)"/;

export interface FrameGateOptions {
  clock: Clock;
  socket: Pick<SocketLike, 'pause' | 'resume'>;
  read: (text: string) => void;
  /** A frame is left out. */
  drop: () => void;
}

/** Between a connection and its reader: a flood of frames costs the reader no more than a busy server would. */
export class FrameGate {
  readonly #options: FrameGateOptions;
  /** The newest of each kind of progress, not read yet. */
  readonly #held = new Map<string, string>();
  #windowMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(options: FrameGateOptions) {
    this.#options = options;
  }

  /** A text frame: read now, later, or not at all. */
  take(text: string): void {
    if (!this.admit()) return;
    const kind = this.#count > UNHURRIED ? PROGRESS.exec(text.slice(0, 60))?.[1] : undefined;
    if (kind === undefined) {
      this.#readHeld();
      this.#options.read(text);
      return;
    }
    this.#held.delete(kind);
    this.#held.set(kind, text);
    this.#wake();
  }

  /** Counts a frame; false when it is one too many. */
  admit(): boolean {
    const { clock, socket, drop } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#windowMs >= WINDOW_MS) {
      this.#windowMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count <= MOST) return true;
    drop();
    if (this.#count === FLOOD) socket.pause?.();
    this.#wake();
    return false;
  }

  /** The connection has ended. */
  close(): void {
    this.#cancelTimer?.();
    this.#held.clear();
  }

  #wake(): void {
    this.#cancelTimer ??= this.#options.clock.setTimer(WINDOW_MS, () => {
      this.#cancelTimer = null;
      this.#options.socket.resume?.();
      this.#readHeld();
    });
  }

  #readHeld(): void {
    if (this.#held.size === 0) return;
    const texts = [...this.#held.values()];
    this.#held.clear();
    for (const text of texts) this.#options.read(text);
  }
}
