import type { IncomingMessage, ServerResponse } from 'node:http';
import { type StreamFrame, streamFrameSchema } from '@comfleet/contract';
import { openHttpDouble } from '@comfleet/test-kit';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A stand-in for the server: each route uses its handlers in turn, and repeats the last one. `requests` has all requests.
 */
export async function openDouble(routes: Record<string, Handler[]>) {
  const requests: { route: string; headers: IncomingMessage['headers'] }[] = [];
  const { url, close } = await openHttpDouble(({ method, path }, response, message) => {
    const route = `${method} ${path.split('?')[0]}`;
    requests.push({ route, headers: message.headers });
    const handlers = routes[route] ?? [];
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
    if (handler === undefined) response.writeHead(404).end();
    else handler(message, response);
  });
  return { url, requests, close };
}

/** Answers with JSON. */
export function json(body: unknown, status = 200): Handler {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

/** One message of an event stream, checked against the contract. */
export function message(frame: StreamFrame, id?: number): string {
  const data = JSON.stringify(streamFrameSchema.parse(frame));
  return `event: ${frame.kind}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}

/** Streams text, then closes the stream, breaks the connection, or leaves it open. */
export function stream(text: string, then: 'close' | 'break' | 'stay'): Handler {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => {
      if (then === 'close') response.end();
      if (then === 'break') response.destroy();
    });
  };
}
