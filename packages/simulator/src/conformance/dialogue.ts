import { WebSocket } from 'ws';
import { sendRequest } from '../platform/http-client.ts';
import { isPlainObject, type Plain, type PlainObject, type TranscriptLine } from './transcript.ts';

/** One client of one server, writing down all it hears. */
export interface Dialogue {
  readonly lines: TranscriptLine[];
  sendFlags(): void;
  /** Resolves when such a line is there, or when the time is over. */
  waitFor(isWanted: (line: TranscriptLine) => boolean, timeoutMs: number): Promise<void>;
  request(method: string, target: string, body: PlainObject | undefined, isPrompt: boolean): Promise<void>;
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
    async request(method, target, body, isPrompt) {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      const response = await sendRequest(baseUrl + target, init);
      note(await readAnswer(response, { method, target, ...(body !== undefined ? { request: body } : {}) }));
      if (isPrompt) return;
    },
    async upload(target, form, formNote) {
      const body = new FormData();
      body.append('image', new Blob([new Uint8Array(form.bytes)]), form.filename);
      for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
      const response = await sendRequest(baseUrl + target, { method: 'POST', body });
      note(await readAnswer(response, { method: 'POST', target, form: formNote }));
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

async function readAnswer(
  response: Response,
  asked: { method: string; target: string; request?: PlainObject; form?: PlainObject },
): Promise<TranscriptLine> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get('content-type')?.includes('application/json') === true;
  const headers: PlainObject = {};
  for (const [name, value] of response.headers) headers[name] = value;
  return {
    kind: 'http',
    method: asked.method,
    target: asked.target,
    request: asked.request,
    form: asked.form,
    status: response.status,
    headers,
    response: isJson ? (JSON.parse(bytes.toString('utf8')) as Plain) : undefined,
    head: isJson ? undefined : bytes.subarray(0, 48),
  };
}

function readShownFiles(line: TranscriptLine): string[] {
  if (line.kind !== 'text' || line.type !== 'executed' || !isPlainObject(line.data.output)) return [];
  return Object.values(line.data.output).flatMap((list) =>
    Array.isArray(list)
      ? list.flatMap((file) =>
          isPlainObject(file) && typeof file.filename === 'string' ? [file.filename] : [],
        )
      : [],
  );
}
