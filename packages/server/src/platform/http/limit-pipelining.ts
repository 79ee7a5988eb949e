import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Pending requests on one connection; current browsers and libraries send one after the other. */
const MAX_OPEN_REQUESTS = 16;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Closes a connection with more pending requests than any client has: thousands fit into one packet, and all of them would be
 * answered before other clients' requests.
 */
export function limitPipelining(handler: Handler): Handler {
  const open = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    const count = open.get(socket) ?? 0;
    if (count >= MAX_OPEN_REQUESTS) socket.destroy();
    if (socket.destroyed) return;
    open.set(socket, count + 1);
    response.once('close', () => open.set(socket, (open.get(socket) ?? 1) - 1));
    handler(request, response);
  };
}
