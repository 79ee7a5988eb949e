import type { Clock } from '../time/clock.ts';
import type { SocketLike } from './socket-dialer.ts';

export interface ConnectionLimits {
  pingMs: number;
  pongTimeoutMs: number;
}

const CLOSE_HANDSHAKE_MS = 1000;

/** One connection of a ComfySocket, from the dial to its end, with its pings, its closing and its timers. */
export class SocketConnection {
  readonly socket: SocketLike;
  opened = false;
  /** Set before we close it: the reason shown while waiting. */
  closeReason: string | null = null;
  readonly #clock: Clock;
  readonly #timers = new Set<() => void>();
  #awaitingPong: (() => void) | null = null;
  #whenClosed: (() => void) | null = null;

  constructor(socket: SocketLike, clock: Clock) {
    this.socket = socket;
    this.#clock = clock;
  }

  /** Starts a timer that is canceled when the connection ends. */
  setTimer(ms: number, fn: () => void): () => void {
    const cancel = this.#clock.setTimer(ms, () => {
      this.#timers.delete(forget);
      fn();
    });
    const forget = (): void => {
      this.#timers.delete(forget);
      cancel();
    };
    this.#timers.add(forget);
    return forget;
  }

  /** Pings until the end, if the platform can; calls `onSilent` for a ping that is not answered in time. */
  keepAlive({ pingMs, pongTimeoutMs }: ConnectionLimits, onSilent: () => void): void {
    const ping = this.socket.ping?.bind(this.socket);
    if (ping === undefined) return;
    const beat = (): void => {
      if (this.#awaitingPong === null) {
        ping();
        this.#awaitingPong = this.setTimer(pongTimeoutMs, onSilent);
      }
      this.setTimer(pingMs, beat);
    };
    this.setTimer(pingMs, beat);
  }

  /** The last ping was answered. */
  onPong(): void {
    this.#awaitingPong?.();
    this.#awaitingPong = null;
  }

  /** Closes with a handshake, for up to 1 s; terminates a connection that never opened. */
  async closeGently(reason: string): Promise<void> {
    this.closeReason = reason;
    if (!this.opened) return this.socket.terminate();
    await new Promise<void>((resolve) => {
      this.#whenClosed = resolve;
      this.setTimer(CLOSE_HANDSHAKE_MS, () => this.socket.terminate());
      this.socket.close(1000, reason);
    });
  }

  /** The connection has ended. */
  release(): void {
    for (const cancel of [...this.#timers]) cancel();
    this.#whenClosed?.();
  }
}
