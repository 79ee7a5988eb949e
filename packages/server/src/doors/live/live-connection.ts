import {
  type LiveMessage,
  type LiveRequest,
  liveRequestSchema,
  parseId,
  type StreamFrame,
} from '@comfleet/contract';
import type { WebSocket } from '@fastify/websocket';
import type { Principal } from '../../people/identity/principal.ts';
import { type SessionWatch, watchSession } from '../../people/identity/watch-session.ts';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { LiveDeps } from './live-door.ts';

const AUTH_TIMEOUT_MS = 10_000;
const PING_MS = 30_000;
const MAX_WATCHES = 200;
/** A reader that leaves this much unread is disconnected, never waited for. */
const MAX_UNREAD_BYTES = 2_097_152;

/** WebSocket close codes; those from 4000 are ours. */
const CLOSE = { goingAway: 1001, unsupported: 1003, unauthorized: 4401, tooMany: 4429 } as const;

/**
 * State of one live socket: `waiting` for its auth message → `ready` with watches → `closed`. A watch is named after its
 * target; watching a task again restarts its watch.
 */
type State =
  | { kind: 'waiting'; cancelTimer: () => void }
  | { kind: 'ready'; session: SessionWatch; watches: Map<string, AbortController>; release: () => void }
  | { kind: 'closed' };

type OpenWatch = (actor: Principal, signal: AbortSignal) => AsyncIterable<StreamFrame>;

export class LiveConnection {
  readonly #socket: WebSocket;
  readonly #deps: LiveDeps;
  #state: State;
  #isAlive = true;
  #cancelPing: () => void = () => {};

  constructor(socket: WebSocket, deps: LiveDeps) {
    this.#socket = socket;
    this.#deps = deps;
    const cancelTimer = deps.clock.setTimer(AUTH_TIMEOUT_MS, () =>
      this.#close(CLOSE.unauthorized, 'no auth message in time'),
    );
    this.#state = { kind: 'waiting', cancelTimer };
  }

  /** Starts to listen. Everything ends with the socket. */
  start(): void {
    const onStop = (): void => this.#close(CLOSE.goingAway, 'the server is stopping');
    this.#deps.signal.addEventListener('abort', onStop, { once: true });
    this.#socket.on('message', (data, isBinary) => {
      if (isBinary) this.#close(CLOSE.unsupported, 'text messages only');
      else void this.#receive(String(data));
    });
    // ws answers pings itself.
    this.#socket.on('ping', () => this.#dropSlowReader());
    this.#socket.on('pong', () => {
      this.#isAlive = true;
    });
    this.#socket.on('error', () => this.#socket.terminate());
    this.#socket.on('close', () => {
      this.#deps.signal.removeEventListener('abort', onStop);
      this.#release();
    });
    this.#schedulePing();
  }

  async #receive(text: string): Promise<void> {
    try {
      const request = parseRequest(text);
      if (request.type === 'auth') await this.#authenticate(request.token);
      else this.#change(request);
    } catch (thrown) {
      this.#sendError(thrown);
      if (thrown instanceof AppError && thrown.code === 'UNAUTHORIZED')
        this.#close(CLOSE.unauthorized, 'unauthorized');
      if (thrown instanceof AppError && thrown.code === 'TOO_MANY_STREAMS')
        this.#close(CLOSE.tooMany, 'too many streams');
    }
  }

  async #authenticate(token: string): Promise<void> {
    if (this.#state.kind !== 'waiting') throw new AppError('CONFLICT', { reason: 'already_authenticated' });
    const signedIn = await this.#deps.identity.sessions.authenticate(token);
    const { principal } = signedIn;
    // By now the socket may have closed, or another auth message may have won.
    if (this.#state.kind !== 'waiting') return;
    const freeSlot = this.#deps.slots.take(principal.id);
    this.#state.cancelTimer();
    const session = watchSession(this.#deps, signedIn, () =>
      this.#close(CLOSE.unauthorized, 'the session has ended'),
    );
    const release = (): void => {
      session.stop();
      freeSlot();
    };
    this.#state = { kind: 'ready', session, watches: new Map(), release };
    void this.#send({ type: 'ready', principal_id: principal.id });
  }

  #change(request: Exclude<LiveRequest, { type: 'auth' }>): void {
    const state = this.#state;
    if (state.kind !== 'ready') throw new AppError('UNAUTHORIZED');
    const { tasks, batches } = this.#deps;
    switch (request.type) {
      case 'watch_task': {
        const id = parseId<'task'>(request.task_id);
        if (id === null) throw new AppError('TASK_NOT_FOUND');
        this.#watch(`task ${id}`, (actor, signal) => tasks.watch(actor, id, request.after ?? null, signal));
        return;
      }
      case 'watch_batch': {
        const id = parseId<'batch'>(request.batch_id);
        if (id === null) throw new AppError('BATCH_NOT_FOUND');
        this.#watch(`batch ${id}`, (actor, signal) => batches.watch(actor, id, signal));
        return;
      }
      case 'watch_own':
        this.#watch('own', (actor, signal) => tasks.watchOwn(actor, signal));
        return;
      case 'unwatch':
        for (const name of listNames(request)) state.watches.get(name)?.abort();
    }
  }

  #watch(name: string, open: OpenWatch): void {
    if (this.#state.kind !== 'ready') return;
    const { session, watches } = this.#state;
    watches.get(name)?.abort();
    watches.delete(name);
    if (watches.size >= MAX_WATCHES) throw new AppError('TOO_MANY_STREAMS', { limit: MAX_WATCHES });
    const abort = new AbortController();
    watches.set(name, abort);
    void this.#forward(session, open, abort.signal).finally(() => {
      if (watches.get(name) === abort) watches.delete(name);
    });
  }

  /** Each watch sees what the caller may see when it begins, which may be more than at the sign-in. */
  async #forward(session: SessionWatch, open: OpenWatch, signal: AbortSignal): Promise<void> {
    try {
      const actor = await session.loadPrincipal();
      for await (const frame of open(actor, signal)) {
        if (signal.aborted) return;
        const sent = this.#send({ type: 'frame', frame });
        // The snapshots of a large batch exceed what a reader may leave unread.
        if (frame.kind === 'snapshot') await sent;
      }
    } catch (thrown) {
      if (!signal.aborted) this.#sendError(thrown);
    }
  }

  #sendError(thrown: unknown): void {
    const error = thrown instanceof AppError ? thrown : new AppError('INTERNAL', null, { cause: thrown });
    if (error.code === 'INTERNAL') {
      this.#deps.logger.error('live.failed', { error: toError(thrown) });
    }
    void this.#send({ type: 'error', error: { code: error.code, message: error.message } });
  }

  /** Resolves when the message was sent, or when the socket is closed. */
  #send(message: LiveMessage): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve();
    const sent = new Promise<void>((resolve) => {
      this.#socket.send(JSON.stringify(message), () => resolve());
    });
    this.#dropSlowReader();
    return sent;
  }

  #dropSlowReader(): void {
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) this.#socket.terminate();
  }

  #schedulePing(): void {
    this.#cancelPing = this.#deps.clock.setTimer(PING_MS, () => {
      if (!this.#isAlive) {
        this.#socket.terminate();
        return;
      }
      this.#isAlive = false;
      this.#socket.ping();
      this.#schedulePing();
    });
  }

  #close(code: number, reason: string): void {
    this.#release();
    this.#socket.close(code, reason);
  }

  /** Ends watches and timers; safe to call twice. */
  #release(): void {
    this.#cancelPing();
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'waiting') state.cancelTimer();
    if (state.kind !== 'ready') return;
    state.release();
    for (const watch of state.watches.values()) watch.abort();
  }
}

function parseRequest(text: string): LiveRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new AppError('INVALID_REQUEST', null, { cause: thrown });
  }
  const parsed = liveRequestSchema.safeParse(value);
  if (!parsed.success) throw new AppError('INVALID_REQUEST', null, { cause: parsed.error });
  return parsed.data;
}

function listNames(request: Extract<LiveRequest, { type: 'unwatch' }>): string[] {
  const names: string[] = [];
  if (request.task_id !== undefined) names.push(`task ${request.task_id}`);
  if (request.batch_id !== undefined) names.push(`batch ${request.batch_id}`);
  return names.length > 0 ? names : ['own'];
}
