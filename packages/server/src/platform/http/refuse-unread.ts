import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../errors/app-error.ts';
import { toEnvelope } from './error-response.ts';

/* Node's codes for requests that it could not read completely. */
const STATUSES: Readonly<Record<string, { status: number; reason: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, reason: 'the headers or the address are too long' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, reason: 'the chunk extensions are too long' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reason: 'the request came too slowly' },
};
const MALFORMED = { status: 400, reason: 'this is no whole HTTP request' };

/** Status codes sent before a request was parsed. */
export const UNREAD_STATUSES: readonly number[] = [MALFORMED, ...Object.values(STATUSES)].map(
  ({ status }) => status,
);

/** Answers a request that could not be parsed, in the native envelope, and closes the connection. */
export function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  // Reset by the other side, or closed already: nobody would read a response.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, reason } = STATUSES[error.code ?? ''] ?? MALFORMED;
  const body = JSON.stringify(toEnvelope(new AppError('INVALID_REQUEST', { reason }), randomUUID()));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
