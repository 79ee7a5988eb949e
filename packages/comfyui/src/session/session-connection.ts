import type { ComfySocket } from '../socket/comfy-socket.ts';
import type { Clock } from '../time/clock.ts';

export interface ConnectionOptions {
  /** Makes the one socket of a connection, not started. */
  createSocket: () => ComfySocket;
  clock: Clock;
  /** Wait for a connection before going on by polling, ms. */
  connectMs: number;
  /** A socket was made; it is not started yet. */
  onSocket: (socket: ComfySocket) => void;
}

/** The one socket of a session: made when first needed, gone when closed. It keeps trying while prompts go on by polling. */
export class SessionConnection {
  readonly #options: ConnectionOptions;
  #socket: ComfySocket | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get socket(): ComfySocket | null {
    return this.#socket;
  }

  get isOpen(): boolean {
    return this.#socket?.state.phase === 'open';
  }

  /** True when it stands, false when it did not open in time or the signal came first. */
  async open(signal?: AbortSignal): Promise<boolean> {
    const { clock, connectMs } = this.#options;
    const socket = this.#socket ?? this.#create();
    if (this.isOpen) return true;
    const giveUp = new AbortController();
    const cancel = clock.setTimer(connectMs, () => giveUp.abort());
    const forward = (): void => giveUp.abort();
    signal?.addEventListener('abort', forward, { once: true });
    try {
      await socket.whenOpen(giveUp.signal);
      return true;
    } catch {
      return false; // not open in time, which is the answer
    } finally {
      cancel();
      signal?.removeEventListener('abort', forward);
    }
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    await socket?.stop();
  }

  #create(): ComfySocket {
    const socket = this.#options.createSocket();
    this.#socket = socket;
    this.#options.onSocket(socket);
    socket.start();
    return socket;
  }
}
