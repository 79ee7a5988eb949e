import { type StreamFrame, streamFrameSchema } from '@comfleet/contract';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { ComfleetError, parseJsonOrNull } from '../errors.ts';
import type { HttpTransport, Request } from '../http/transport.ts';

/** A frame and the number that its `id:` line carried. */
export interface NumberedFrame {
  readonly frame: StreamFrame;
  readonly number: number | null;
}

export interface StreamOptions {
  readonly signal?: AbortSignal;
  /** A stream on which not even a comment arrived for this long is taken for dead. */
  readonly idleMs: number;
}

/**
 * Opens one event stream and yields its frames until the server closes it. Frames of a kind that this version does not
 * know are passed over. Throws ComfleetError when the stream breaks or falls silent.
 */
export async function* readStream(
  transport: HttpTransport,
  request: Pick<Request, 'path' | 'query' | 'headers'>,
  options: StreamOptions,
): AsyncGenerator<NumberedFrame> {
  const idle = new AbortController();
  const signals = options.signal === undefined ? [idle.signal] : [idle.signal, options.signal];
  const signal = AbortSignal.any(signals);
  const response = await openStream(transport, request, signal);
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void arrived.push(event) });
  const reader = response.getReader();
  const decoder = new TextDecoder();
  let stopTimer = transport.clock.setTimer(options.idleMs, () => idle.abort());
  try {
    for (;;) {
      const chunk = await readChunk(reader, idle.signal, options);
      stopTimer();
      if (chunk === null) return;
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* arrived.splice(0).flatMap(toFrame);
      stopTimer = transport.clock.setTimer(options.idleMs, () => idle.abort());
    }
  } finally {
    stopTimer();
    idle.abort();
    await reader.cancel().catch(() => undefined); // already broken or closed: nothing is left to release
  }
}

async function openStream(
  transport: HttpTransport,
  request: Pick<Request, 'path' | 'query' | 'headers'>,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  return await transport.send(
    {
      ...request,
      method: 'GET',
      headers: { accept: 'text/event-stream', 'cache-control': 'no-cache', ...request.headers },
      retries: 0,
      signal,
    },
    (response) => {
      const type = response.headers.get('content-type') ?? '';
      if (response.body === null || !type.startsWith('text/event-stream')) {
        throw new ComfleetError('INVALID_ANSWER', `${request.path} did not answer with an event stream.`);
      }
      return Promise.resolve(response.body);
    },
  );
}

async function readChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  idle: AbortSignal,
  options: StreamOptions,
): Promise<Uint8Array | null> {
  try {
    const { done, value } = await reader.read();
    return done || value === undefined ? null : value;
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (idle.aborted) {
      throw new ComfleetError('TIMED_OUT', `The event stream was silent for ${options.idleMs} ms.`, {
        cause,
      });
    }
    throw new ComfleetError('UNREACHABLE', 'The event stream broke.', { cause });
  }
}

function toFrame(message: EventSourceMessage): NumberedFrame[] {
  const data = parseJsonOrNull(message.data);
  if (typeof data !== 'object' || data === null) return [];
  const parsed = streamFrameSchema.safeParse({ kind: message.event, ...data });
  if (!parsed.success) return [];
  const number = message.id !== undefined && /^\d+$/.test(message.id) ? Number(message.id) : null;
  return [{ frame: parsed.data, number }];
}
