import type { Clock } from '../time/clock.ts';
import { type BinaryFrame, decodeBinaryFrame } from './binary-frame.ts';
import { FrameGate } from './frame-gate.ts';
import { Listeners } from './listeners.ts';
import { SocketConnection } from './socket-connection.ts';
import type { SocketDialer } from './socket-dialer.ts';
import { parseSocketMessage, type SocketMessage } from './socket-message.ts';
import { reconnectDelayMs, type SocketProblem, type SocketState } from './socket-state.ts';

/** Options of a ComfySocket. `random` returns [0, 1), `createId` lowercase UUIDs. */
export interface ComfySocketOptions {
  baseUrl: string;
  dialer: SocketDialer;
  clock: Clock;
  random: () => number;
  createId: () => string;
  headers?: Record<string, string>;
  /** Ping interval, and timeout of the pong, ms. */
  pingMs?: number;
  pongTimeoutMs?: number;
  /** How long the `status` after an accepted POST may take before the socket counts as deaf (protocol 5.2), ms. */
  deafMs?: number;
  /** The owner calls `retryNow` once the server answers, so until it was first open it rarely tries by itself. */
  waitsForNews?: boolean;
}

/** Guards one POST /prompt against a deaf socket: call `accepted` after a 200, else `cancel`. */
export interface StatusWatch {
  accepted(): void;
  cancel(): void;
}

/** Attempt number that gives a patient socket the longest delay. */
const PATIENT_ATTEMPT = 10;

const PREVIEWS_WITH_OWNER = JSON.stringify({
  type: 'feature_flags',
  data: { supports_preview_metadata: true },
});

/**
 * One persistent socket to one ComfyUI server; it reads frames at once, and reconnects until stopped.
 *
 * - idle: the initial state. `stop` leads to stopped.
 * - connecting: entered from idle by `start`, and from waiting by the retry timer or `retryNow`.
 * - open: entered from connecting when the server accepts. `reopen` and an unanswered ping end the connection.
 * - waiting: entered from connecting and open when the connection ends. `retryNow` and the timer leave it; `reopen` is ignored.
 * - stopped: entered from every state by `stop`. Ignores everything, and never starts again.
 * Events of a connection that is no longer the current one are ignored in every state.
 *
 * After a clean close it keeps its `socketId`, so that messages of running prompts continue. After any other end it takes a new
 * one, because the server may close the new socket when it notices the end of the old one (protocol 5.2). Prompts with the old id
 * must then be followed by polling.
 */
export class ComfySocket {
  readonly #options: Required<Omit<ComfySocketOptions, 'headers'>> & Pick<ComfySocketOptions, 'headers'>;
  readonly #messages: Listeners<SocketMessage>;
  readonly #binaries: Listeners<BinaryFrame>;
  readonly #texts: Listeners<string>;
  readonly #states: Listeners<SocketState>;
  readonly #problems: Listeners<SocketProblem>;
  #state: SocketState = { phase: 'idle' };
  #socketId: string;
  #connection: SocketConnection | null = null;
  #cancelRetry: (() => void) | null = null;
  #attempt = 0;
  #upgrades = 0;
  #badFrames = 0;
  #statusCount = 0;

  constructor(options: ComfySocketOptions) {
    this.#options = { pingMs: 5000, pongTimeoutMs: 5000, deafMs: 3000, waitsForNews: false, ...options };
    this.#socketId = options.createId();
    this.#problems = new Listeners<SocketProblem>(() => undefined); // there is nowhere to report a failing problem listener
    const report = (cause: unknown): void =>
      this.#problems.emit({ kind: 'listener_failed', message: 'A socket listener failed', cause });
    this.#messages = new Listeners(report);
    this.#binaries = new Listeners(report);
    this.#texts = new Listeners(report);
    this.#states = new Listeners(report);
  }

  /** Current state. */
  get state(): SocketState {
    return this.#state;
  }

  /** The id to send as `client_id` with prompts; changes after an unclean end. */
  get socketId(): string {
    return this.#socketId;
  }

  /** Successful upgrades since the start. */
  get upgrades(): number {
    return this.#upgrades;
  }

  /** Frames dropped because they could not be read. */
  get badFrames(): number {
    return this.#badFrames;
  }

  /** Every readable text frame. Listeners run synchronously and must be fast; one that throws is reported and affects no other. */
  onMessage(listener: (message: SocketMessage) => void): () => void {
    return this.#messages.add(listener);
  }

  /** Every text frame unchanged, to pass unknown types on. */
  onText(listener: (text: string) => void): () => void {
    return this.#texts.add(listener);
  }

  /** Previews and progress texts. */
  onBinary(listener: (frame: BinaryFrame) => void): () => void {
    return this.#binaries.add(listener);
  }

  /** Every change of `state`. */
  onState(listener: (state: SocketState) => void): () => void {
    return this.#states.add(listener);
  }

  /** Bad frames, failing listeners, missing pongs, failed attempts. */
  onProblem(listener: (problem: SocketProblem) => void): () => void {
    return this.#problems.add(listener);
  }

  /** Starts to connect; safe to call twice. A stopped socket cannot start again. */
  start(): void {
    if (this.#state.phase === 'idle') this.#connect();
  }

  /** Closes for good; safe to call twice. Waits up to 1 s for the closing handshake. */
  async stop(): Promise<void> {
    if (this.#state.phase === 'stopped') return;
    this.#cancelRetry?.();
    const connection = this.#connection;
    this.#setState({ phase: 'stopped' });
    if (connection === null) return;
    await connection.closeGently('stopped');
  }

  /** Resolves when open; rejects with the signal's reason. */
  async whenOpen(signal?: AbortSignal): Promise<void> {
    while (this.#state.phase !== 'open') {
      if (this.#state.phase === 'stopped') throw new Error('The socket is stopped');
      await this.#states.next(signal);
    }
  }

  /** Closes the connection with a handshake and reconnects; for a socket that is open but receives nothing. */
  reopen(reason: string): void {
    const connection = this.#connection;
    if (connection?.opened) void connection.closeGently(reason);
  }

  /** Ends the delay before the next attempt, because the server is known to answer. */
  retryNow(): void {
    if (this.#state.phase !== 'waiting') return;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#connect();
  }

  /** Call it before POST /prompt. The server broadcasts `status` for every accepted prompt; without it the socket is deaf. */
  expectStatus(): StatusWatch {
    const before = this.#statusCount;
    const connection = this.#connection;
    let cancelTimer: (() => void) | null = null;
    const check = (): void => {
      if (this.#statusCount > before || connection === null || this.#connection !== connection) return;
      this.#problems.emit({ kind: 'deaf', message: 'No status message after a prompt was accepted' });
      this.reopen('deaf');
    };
    return {
      accepted: () => {
        if (this.#statusCount > before || this.#state.phase !== 'open') return;
        cancelTimer = connection?.setTimer(this.#options.deafMs, check) ?? null;
      },
      cancel: () => cancelTimer?.(),
    };
  }

  #connect(): void {
    this.#attempt += 1;
    this.#setState({ phase: 'connecting', attempt: this.#attempt });
    const url = `${this.#options.baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '')}/ws?clientId=${this.#socketId}`;
    const socket = this.#options.dialer.dial(url, this.#options.headers);
    const connection = new SocketConnection(socket, this.#options.clock);
    this.#connection = connection;
    const gate = new FrameGate({
      clock: this.#options.clock,
      socket,
      read: (text) => this.#receiveText(connection, text),
      drop: () => this.#countBadFrame(),
    });
    socket.listen({
      onOpen: () => this.#opened(connection),
      onText: (text) => gate.take(text),
      onBinary: (bytes) => {
        if (gate.admit()) this.#receiveBinary(connection, bytes);
      },
      onDropped: () => this.#dropFrame('text'),
      onPong: () => connection.onPong(),
      onClose: (end) => {
        gate.close();
        this.#closed(connection, end);
      },
      onError: (cause) => this.#problems.emit({ kind: 'connection_failed', message: cause.message, cause }),
    });
  }

  #opened(connection: SocketConnection): void {
    if (this.#connection !== connection) return;
    if (this.#state.phase === 'stopped') {
      connection.socket.terminate();
      return;
    }
    connection.opened = true;
    this.#attempt = 0;
    this.#upgrades += 1;
    // Must be the first text frame; the server ignores it later (protocol 5.1).
    connection.socket.send(PREVIEWS_WITH_OWNER);
    connection.keepAlive(this.#options, () => this.#dropDead(connection));
    this.#setState({ phase: 'open', sinceMs: this.#options.clock.monotonicMs() });
  }

  #receiveText(connection: SocketConnection, text: string): void {
    if (this.#connection !== connection) return;
    const message = parseSocketMessage(text);
    if (message === null) {
      this.#dropFrame('text');
      return;
    }
    if (message.type === 'status') this.#statusCount += 1;
    this.#texts.emit(text);
    this.#messages.emit(message);
  }

  #receiveBinary(connection: SocketConnection, bytes: Uint8Array): void {
    if (this.#connection !== connection) return;
    const frame = decodeBinaryFrame(bytes);
    if (frame === null) {
      this.#dropFrame('binary');
      return;
    }
    this.#binaries.emit(frame);
  }

  #dropFrame(kind: string): void {
    this.#countBadFrame();
    this.#problems.emit({ kind: 'bad_frame', message: `Unreadable ${kind} frame` });
  }

  #countBadFrame(): void {
    this.#badFrames += 1;
  }

  #dropDead(connection: SocketConnection): void {
    if (this.#connection !== connection) return;
    this.#problems.emit({ kind: 'ping_timeout', message: 'No pong: the connection is half open' });
    connection.closeReason = 'ping timeout';
    connection.socket.terminate();
  }

  #closed(connection: SocketConnection, end: { code: number; reason: string; clean: boolean }): void {
    connection.release();
    if (this.#connection !== connection) return;
    this.#connection = null;
    if (this.#state.phase === 'stopped') return;
    // A connection that never opened was not registered on the server.
    if (connection.opened && !end.clean) this.#socketId = this.#options.createId();
    const reason = connection.closeReason ?? (end.reason || `closed with ${end.code}`);
    const attempt = Math.max(1, this.#attempt);
    const isPatient = this.#options.waitsForNews && this.#upgrades === 0;
    const retryInMs = reconnectDelayMs(isPatient ? PATIENT_ATTEMPT : attempt, this.#options.random());
    this.#setState({ phase: 'waiting', attempt, retryInMs, reason });
    this.#cancelRetry = this.#options.clock.setTimer(retryInMs, () => {
      this.#cancelRetry = null;
      if (this.#state.phase === 'waiting') this.#connect();
    });
  }

  #setState(state: SocketState): void {
    this.#state = state;
    this.#states.emit(state);
  }
}
