import { posix } from 'node:path';
import { WebSocket } from 'ws';
import { sendRequest } from '../platform/http-client.ts';
import {
  type HttpLine,
  isPlainObject,
  type Plain,
  type PlainObject,
  type TranscriptLine,
} from './transcript.ts';

/** One request to send: `text` verbatim, else `body` as JSON. */
export interface Question {
  readonly method: string;
  readonly target: string;
  readonly body?: PlainObject | undefined;
  readonly text?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** One client of one server that records everything it receives. */
export interface Dialogue {
  readonly lines: TranscriptLine[];
  sendFlags(): void;
  /** Resolves when such a line was recorded, or after the timeout. */
  waitFor(isWanted: (line: TranscriptLine) => boolean, timeoutMs: number): Promise<void>;
  /** Sends a request, records the response and returns it. */
  request(question: Question): Promise<HttpLine>;
  upload(
    target: string,
    form: { filename: string; bytes: Buffer; fields: Record<string, string> },
    note: PlainObject,
  ): Promise<void>;
  /** File names shown so far by `executed`. */
  shownFiles(): string[];
  reopen(): Promise<void>;
  close(): Promise<void>;
}

const NO_LINE: TranscriptLine = { kind: 'text', type: '', data: {} };

/** Connects to a server's socket and waits for it to open. */
export async function openDialogue(baseUrl: string, clientId: string): Promise<Dialogue> {
  const lines: TranscriptLine[] = [];
  const listeners = new Set<() => void>();
  const note = (line: TranscriptLine): void => {
    lines.push(line);
    for (const listener of [...listeners]) listener();
  };
  let socket = await connect(baseUrl, clientId, note);
  return {
    lines,
    sendFlags: () =>
      socket.send(JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } })),
    waitFor(isWanted, timeoutMs) {
      if (lines.some(isWanted) || isWanted(NO_LINE)) return Promise.resolve();
      return new Promise((resolve) => {
        const deadline = AbortSignal.timeout(timeoutMs);
        const check = (): void => {
          if (!lines.some(isWanted) && !deadline.aborted) return;
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        deadline.addEventListener('abort', check);
      });
    },
    async request({ method, target, body, text, headers }) {
      const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
      const init = { method, ...(headers && { headers }), ...(sent !== undefined && { body: sent }) };
      const response = await sendRequest(baseUrl + target, init);
      const line = await readResponse(response, {
        method,
        target,
        ...(body !== undefined && { request: body }),
      });
      note(line);
      return line;
    },
    async upload(target, form, formNote) {
      const body = new FormData();
      body.append('image', new Blob([new Uint8Array(form.bytes)]), form.filename);
      for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
      const response = await sendRequest(baseUrl + target, { method: 'POST', body });
      note(await readResponse(response, { method: 'POST', target, form: formNote }));
    },
    shownFiles: () => lines.flatMap(readShownFiles),
    async reopen() {
      await closeSocket(socket);
      socket = await connect(baseUrl, clientId, note);
    },
    close: () => closeSocket(socket),
  };
}

function connect(
  baseUrl: string,
  clientId: string,
  note: (line: TranscriptLine) => void,
): Promise<WebSocket> {
  const socket = new WebSocket(`${baseUrl.replace(/^http/, 'ws')}/ws?clientId=${clientId}`);
  socket.on('message', (data, isBinary) => {
    if (!Buffer.isBuffer(data)) return;
    if (isBinary) return note({ kind: 'binary', event: data.readUInt32BE(0), head: data.subarray(0, 400) });
    const message = JSON.parse(data.toString('utf8')) as Plain;
    if (!isPlainObject(message)) return;
    note({
      kind: 'text',
      type: String(message.type),
      data: isPlainObject(message.data) ? message.data : {},
    });
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

function closeSocket(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) return resolve();
    socket.once('close', () => resolve());
    socket.close();
  });
}

async function readResponse(
  response: Response,
  sent: { method: string; target: string; request?: PlainObject; form?: PlainObject },
): Promise<HttpLine> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get('content-type') ?? '';
  const isJson = type.includes('application/json');
  const isText = type.includes('text/plain');
  const headers: PlainObject = {};
  for (const [name, value] of response.headers) headers[name] = value;
  return {
    kind: 'http',
    method: sent.method,
    target: sent.target,
    request: sent.request,
    requestText: undefined,
    requestHeaders: undefined,
    form: sent.form,
    status: response.status,
    headers,
    response: isJson
      ? (JSON.parse(bytes.toString('utf8')) as Plain)
      : isText
        ? bytes.toString('utf8')
        : undefined,
    head: isJson || isText ? undefined : bytes.subarray(0, 48),
  };
}

function readShownFiles(line: TranscriptLine): string[] {
  if (line.kind !== 'text' || line.type !== 'executed' || !isPlainObject(line.data.output)) return [];
  return Object.values(line.data.output).flatMap((list) =>
    Array.isArray(list) ? list.flatMap((file) => nameShownFile(file) ?? []) : [],
  );
}

/** 3D save nodes show paths as texts. */
function nameShownFile(file: Plain): string | undefined {
  if (typeof file === 'string') return /\.\w+$/.test(file) ? posix.basename(file) : undefined;
  return isPlainObject(file) && typeof file.filename === 'string' ? file.filename : undefined;
}
