import { connect } from 'node:net';

/** A request that must be refused, as the bytes on the wire. */
export interface BadInput {
  readonly name: string;
  readonly bytes: Buffer;
  /** The permitted refusals, as `400 INVALID_REQUEST`; `closed`: the connection ends without a response. */
  readonly refusals: readonly string[];
  /** `METHOD path` as documented; null where the request line names no operation. */
  readonly operation: string | null;
}

export interface RequestParts {
  readonly method?: string;
  /** As sent: never encoded or normalized. */
  readonly path?: string;
  /** Raw header lines after `host`; `host` itself unless it is here. */
  readonly headers?: readonly string[];
  readonly host?: string | null;
  readonly body?: Buffer | string;
  readonly type?: string;
}

/** Writes a request byte for byte; with a body also its length and type. It asks to close the connection. */
export function writeRequest(parts: RequestParts): Buffer {
  const { method = 'GET', path = '/api/v2/tasks', host = '127.0.0.1', headers = [], body, type } = parts;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(host === null ? [] : [`host: ${host}`]),
    'connection: close',
    ...headers,
    ...(type === undefined ? [] : [`content-type: ${type}`]),
    ...(body === undefined || headers.some(setsLength) ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body ?? '')]);
}

function setsLength(line: string): boolean {
  return /^(content-length|transfer-encoding):/i.test(line);
}

/** What came back; status 0 if the connection ended without a response. */
export interface RawResponse {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

const TIMEOUT_MS = 15_000;

/** Sends bytes to a port of loopback and reads until the connection ends. Gives up after 15 s without a byte. */
export function sendRaw(port: number, bytes: Buffer): Promise<RawResponse> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(TIMEOUT_MS, () => {
      received.push(Buffer.from('\r\n\r\nno end of the response'));
      socket.destroy();
    });
    socket.on('data', (chunk) => received.push(chunk));
    // A refusal may come while the rest is still being sent; what was read before the reset counts.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(readRaw(Buffer.concat(received).toString('utf8'))));
  });
}

function readRaw(all: string): RawResponse {
  const end = all.indexOf('\r\n\r\n');
  const head = end < 0 ? all : all.slice(0, end);
  const type = /\r\ncontent-type: ([^\r]+)/i.exec(head)?.[1] ?? null;
  const body = end < 0 ? '' : all.slice(end + 4);
  const isChunked = /\r\ntransfer-encoding: chunked/i.test(head);
  return { status: Number(head.split(' ')[1] ?? 0), type, text: isChunked ? joinChunks(body) : body };
}

/** Joins the chunks of a body whose texts are ASCII. */
function joinChunks(body: string): string {
  const [, size = '0', rest = ''] = /^([0-9a-f]+)\r\n([\s\S]*)$/i.exec(body) ?? [];
  const length = Number.parseInt(size, 16);
  return length === 0 ? '' : rest.slice(0, length) + joinChunks(rest.slice(length + 2));
}
