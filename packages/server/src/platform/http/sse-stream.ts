import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../time/clock.ts';

export interface SseEvent {
  event: string;
  /** Sent as `id:`; clients resume from it. */
  id?: number;
  data: unknown;
}

const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2000;
/** A reader with this many unread bytes is dropped, never waited for. */
const MAX_UNREAD_BYTES = 2_097_152;

/** An event stream to one reader (WHATWG server-sent events). The response headers are sent at once. */
export class SseStream {
  readonly #reply: FastifyReply;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #cancelTimer: () => void = () => {};

  constructor(request: FastifyRequest, reply: FastifyReply, clock: Clock) {
    this.#reply = reply;
    this.#clock = clock;
    reply.hijack();
    const headers = Object.fromEntries(
      Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    reply.raw.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      connection: 'keep-alive',
    });
    const stop = (): void => this.end();
    reply.raw.on('close', stop);
    reply.raw.on('error', stop);
    request.raw.on('error', stop);
    reply.raw.write(`retry: ${RETRY_MS}\n\n`);
    this.#scheduleHeartbeat();
  }

  /** Aborted when the reader has disconnected, was dropped, or the stream was ended. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  send({ event, id, data }: SseEvent): void {
    const lines = [`event: ${event}`];
    if (id !== undefined) lines.push(`id: ${id}`);
    lines.push(`data: ${JSON.stringify(data)}`);
    this.#write(`${lines.join('\n')}\n\n`);
  }

  /** Resolves when the reader has received what was sent, or the stream has ended: for data that can wait, unlike live events. */
  async drained(): Promise<void> {
    const { raw } = this.#reply;
    if (!raw.writableNeedDrain || this.signal.aborted) return;
    await new Promise<void>((resolve) => {
      raw.once('drain', resolve);
      this.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Safe to call twice. */
  end(): void {
    if (this.#abort.signal.aborted) return;
    this.#cancelTimer();
    this.#abort.abort(new Error('the event stream has ended'));
    if (!this.#reply.raw.destroyed) this.#reply.raw.end();
  }

  #write(text: string): void {
    if (this.#abort.signal.aborted) return;
    this.#reply.raw.write(text);
    if (this.#reply.raw.writableLength > MAX_UNREAD_BYTES) {
      this.#reply.raw.destroy();
      this.end();
    }
  }

  #scheduleHeartbeat(): void {
    this.#cancelTimer = this.#clock.setTimer(HEARTBEAT_MS, () => {
      this.#write(': alive\n\n');
      if (!this.#abort.signal.aborted) this.#scheduleHeartbeat();
    });
  }
}
