import type { ComfySocket } from '../socket/comfy-socket.ts';
import type { Clock } from '../time/clock.ts';

export interface ConnectionOptions {
  /** Creates the socket of a connection, not started. */
  createSocket: () => ComfySocket;
  clock: Clock;
  /** How long to wait for a connection before polling instead, ms. */
  connectMs: number;
  /** Called with a new socket before it starts. */
  onSocket: (socket: ComfySocket) => void;
}

/** The only socket of a session: created on first use, until it is closed. It keeps trying while prompts are polled. */
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

  /** Returns true once it is open; false when it did not open in time, or was aborted. */
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
      return false; // not open in time
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
