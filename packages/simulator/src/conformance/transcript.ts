import { readFileSync } from 'node:fs';

/** JSON as parsed by JavaScript; transcripts need no exact numbers. */
export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };
export type PlainObject = { [key: string]: Plain };

/** One line of a recording: a socket frame or an HTTP answer, in order of arrival. */
export type TranscriptLine =
  | { readonly kind: 'text'; readonly type: string; readonly data: PlainObject }
  | { readonly kind: 'binary'; readonly event: number; readonly head: Buffer }
  | HttpLine;

export interface HttpLine {
  readonly kind: 'http';
  readonly method: string;
  readonly target: string;
  readonly request: PlainObject | undefined;
  /** A body that is sent verbatim: not JSON, or JSON that the server stores. */
  readonly requestText: string | undefined;
  readonly requestHeaders: Readonly<Record<string, string>> | undefined;
  readonly form: PlainObject | undefined;
  readonly status: number;
  readonly headers: PlainObject | undefined;
  readonly response: Plain | undefined;
  /** First bytes of a body that is not JSON. */
  readonly head: Buffer | undefined;
}

/** Is this value a JSON object? */
export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readObject(value: Plain | undefined): PlainObject | undefined {
  return isPlainObject(value) ? value : undefined;
}

/** The versions with recordings. */
export const RECORDED_VERSIONS = ['0.3.64', '0.33'] as const;

export type RecordedVersion = (typeof RECORDED_VERSIONS)[number];

/** The URL of a recording of a version. */
export function recordingUrl(version: RecordedVersion, file: string): URL {
  return new URL(`../../transcripts/${version}/${file}`, import.meta.url);
}

/** Reads one recording of a version, without notes and client messages. Throws if the file or a line is invalid. */
export function loadRecording(name: string, version: RecordedVersion = '0.3.64'): TranscriptLine[] {
  return readFileSync(recordingUrl(version, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => readLine(JSON.parse(line) as Plain, name) ?? []);
}

function readLine(value: Plain, name: string): TranscriptLine | undefined {
  if (!isPlainObject(value)) throw new TypeError(`${name}: a line is not an object`);
  if (value.note !== undefined || value.wsSent !== undefined) return undefined;
  if (value.ws === 'text') {
    const message = readObject(value.message);
    return { kind: 'text', type: String(message?.type), data: readObject(message?.data) ?? {} };
  }
  const head = typeof value.head === 'string' ? Buffer.from(value.head, 'base64') : undefined;
  if (value.ws === 'binary')
    return { kind: 'binary', event: Number(value.event), head: head ?? Buffer.alloc(0) };
  return readHttp(value, head);
}

function readHttp(value: PlainObject, head: Buffer | undefined): HttpLine {
  const [method = '', ...rest] = String(value.http).split(' ');
  const target = rest.join(' ');
  const isUpload = target.startsWith('/upload');
  const body = readObject(value.request);
  return {
    kind: 'http',
    method,
    target,
    request: isUpload ? undefined : body,
    requestText: typeof value.requestText === 'string' ? value.requestText : undefined,
    requestHeaders: readTexts(value.requestHeaders),
    form: readObject(value.form) ?? (isUpload ? encodeName(body) : undefined),
    status: Number(value.status),
    headers: readObject(value.headers),
    response: value.response,
    head,
  };
}

function readTexts(value: Plain | undefined): Record<string, string> | undefined {
  if (!isPlainObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

/** The client of these recordings percent-encoded the slashes of a file name. */
function encodeName(form: PlainObject | undefined): PlainObject | undefined {
  const image = form?.image;
  return typeof image === 'string' ? { ...form, image: image.replaceAll('/', '%2F') } : form;
}
