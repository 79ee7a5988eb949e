import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../errors/app-error.ts';
import { toEnvelope } from './error-response.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

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

/** The line of a request that is whole but for its method, which Node's parser does not know. */
const REQUEST_LINE = /^[A-Za-z-]{1,30} \S+ HTTP\/1\.[01]\r?\n/;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

interface UnreadError extends NodeJS.ErrnoException {
  /** What had arrived. */
  rawPacket?: unknown;
}

/** Answers a request that could not be parsed, in the native envelope, and closes the connection. */
export function refuseUnread(error: UnreadError, socket: Socket): void {
  // Reset by the other side, or closed already: nobody would read a response.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, refusal } = judge(error);
  const requestId = randomUUID();
  const body = JSON.stringify(toEnvelope(refusal, requestId));
  const headers = {
    ...SECURITY_HEADERS,
    'x-request-id': requestId,
    ...(status === 405 && { allow: METHODS.join(', ') }),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

function judge({ code, rawPacket }: UnreadError): { status: number; refusal: AppError } {
  const isUnknownMethod =
    code === 'HPE_INVALID_METHOD' &&
    Buffer.isBuffer(rawPacket) &&
    REQUEST_LINE.test(rawPacket.toString('latin1'));
  if (isUnknownMethod)
    return { status: 405, refusal: new AppError('METHOD_NOT_ALLOWED', { allowed: METHODS }) };
  const { status, reason } = STATUSES[code ?? ''] ?? MALFORMED;
  return { status, refusal: new AppError('INVALID_REQUEST', { reason }) };
}
