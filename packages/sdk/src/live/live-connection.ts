import type { LiveRequest, StreamFrame } from '@comfleet/contract';
import { ComfleetError } from '../errors.ts';
import type { HttpTransport } from '../http/transport.ts';
import type { Log } from '../platform/console-log.ts';
import { parseLiveMessage } from './live-message.ts';
import type { OpenSocket, SocketLike } from './socket.ts';

/** `closed` is final; `waiting` is the pause before the next try to connect. */
export type LiveState = 'connecting' | 'ready' | 'waiting' | 'closed';

export interface LiveListeners {
  readonly onFrame?: (frame: StreamFrame) => void;
  readonly onState?: (state: LiveState) => void;
  /** The server refused something, or the connection was given up. */
  readonly onError?: (error: ComfleetError) => void;
}

export interface LiveDeps {
  readonly transport: HttpTransport;
  readonly openSocket: OpenSocket;
  readonly log: Log;
}

/** Errors before `ready` that another try would only repeat. */
const FINAL_REFUSALS: ReadonlySet<string> = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'NO_WEBSOCKET']);

/**
 * One live socket (`/api/v2/live`) that comes back by itself. What is watched is remembered: after a reconnect the
 * server sends the newest state of each, then goes on live. A listener that throws is logged and stops nothing.
 */
export class LiveConnection {
  readonly #deps: LiveDeps;
  readonly #listeners: LiveListeners;
  readonly #watched = new Map<string, LiveRequest>();
  #socket: SocketLike | null = null;
  #state: LiveState = 'connecting';
  #failures = 0;
  #stopTimer: () => void = () => undefined;

  constructor(deps: LiveDeps, listeners: LiveListeners) {
    this.#deps = deps;
    this.#listeners = listeners;
  }

  get state(): LiveState {
    return this.#state;
  }

  /** Opens the socket; called by `connectLive`, and again by itself after each loss. Never throws. */
  async start(): Promise<void> {
    try {
      const token = (await this.#deps.transport.token()) ?? '';
      if (this.#state === 'closed') return;
      const socket = await this.#deps.openSocket(
        `${this.#deps.transport.url.replace(/^http/, 'ws')}/api/v2/live`,
      );
      this.#listen(socket, token);
    } catch (cause) {
      if (cause instanceof ComfleetError && FINAL_REFUSALS.has(cause.code)) this.#giveUp(cause);
      else this.#lose(null);
    }
  }

  watchTask(taskId: string): void {
    this.#watch(`task ${taskId}`, { type: 'watch_task', task_id: taskId });
  }

  watchBatch(batchId: string): void {
    this.#watch(`batch ${batchId}`, { type: 'watch_batch', batch_id: batchId });
  }

  /** Every task of this caller. */
  watchOwn(): void {
    this.#watch('own', { type: 'watch_own' });
  }

  unwatchTask(taskId: string): void {
    if (this.#watched.delete(`task ${taskId}`)) this.#writeWhenReady({ type: 'unwatch', task_id: taskId });
  }

  unwatchBatch(batchId: string): void {
    if (this.#watched.delete(`batch ${batchId}`))
      this.#writeWhenReady({ type: 'unwatch', batch_id: batchId });
  }

  /** Ends the connection for good; safe to call twice. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#enter('closed');
    this.#stopTimer();
    this.#socket?.close();
    this.#socket = null;
  }

  #listen(socket: SocketLike, token: string): void {
    // Attached even when closed meanwhile: a socket that fails while it opens must have an error listener.
    socket.addEventListener('error', () => this.#lose(socket));
    if (this.#state === 'closed') {
      socket.close();
      return;
    }
    this.#socket = socket;
    socket.addEventListener('open', () => this.#write({ type: 'auth', token }));
    socket.addEventListener('message', (event) => this.#take(event.data));
    socket.addEventListener('close', () => this.#lose(socket));
  }

  #watch(key: string, request: LiveRequest): void {
    this.#watched.set(key, request);
    this.#writeWhenReady(request);
  }

  #writeWhenReady(request: LiveRequest): void {
    if (this.#state === 'ready') this.#write(request);
  }

  #write(request: LiveRequest): void {
    this.#socket?.send(JSON.stringify(request));
  }

  #take(data: unknown): void {
    const message = parseLiveMessage(data);
    switch (message?.type) {
      case undefined:
        return;
      case 'ready':
        this.#failures = 0;
        this.#enter('ready');
        for (const request of this.#watched.values()) this.#write(request);
        return;
      case 'frame':
        this.#call(this.#listeners.onFrame, message.frame);
        return;
      case 'error': {
        const error = new ComfleetError(message.error.code, message.error.message);
        if (this.#state !== 'ready' && FINAL_REFUSALS.has(error.code)) this.#giveUp(error);
        else this.#call(this.#listeners.onError, error);
      }
    }
  }

  #lose(socket: SocketLike | null): void {
    if (this.#state === 'closed' || this.#state === 'waiting' || socket !== this.#socket) return;
    this.#socket = null;
    this.#failures += 1;
    this.#enter('waiting');
    const { clock, random } = this.#deps.transport;
    const delayMs = Math.min(10_000, 250 * 2 ** (this.#failures - 1)) * (0.5 + random.fraction() / 2);
    this.#stopTimer = clock.setTimer(delayMs, () => {
      this.#enter('connecting');
      void this.start();
    });
  }

  #giveUp(error: ComfleetError): void {
    this.close();
    this.#call(this.#listeners.onError, error);
  }

  #enter(state: LiveState): void {
    this.#state = state;
    this.#call(this.#listeners.onState, state);
  }

  #call<T>(listener: ((value: T) => void) | undefined, value: T): void {
    try {
      listener?.(value);
    } catch (cause) {
      this.#deps.log.error('A listener of the live connection threw.', cause);
    }
  }
}
