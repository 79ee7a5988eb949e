import { readFileSync } from 'node:fs';

/** Any JSON as JavaScript reads it; transcripts need no exact numbers. */
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
  readonly form: PlainObject | undefined;
  readonly status: number;
  readonly headers: PlainObject | undefined;
  readonly response: Plain | undefined;
  /** First bytes of a body that is no JSON. */
  readonly head: Buffer | undefined;
}

/** Is this value a JSON object? */
export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readObject(value: Plain | undefined): PlainObject | undefined {
  return isPlainObject(value) ? value : undefined;
}

/** Reads one recording of `transcripts/`. Throws when the file or a line is not one. */
export function loadRecording(name: string): TranscriptLine[] {
  const text = readFileSync(new URL(`../../transcripts/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => readLine(JSON.parse(line) as Plain, name));
}

function readLine(value: Plain, name: string): TranscriptLine {
  if (!isPlainObject(value)) throw new TypeError(`${name}: a line is not an object`);
  if (value.ws === 'text') {
    const message = readObject(value.message);
    return { kind: 'text', type: String(message?.type), data: readObject(message?.data) ?? {} };
  }
  const head = typeof value.head === 'string' ? Buffer.from(value.head, 'base64') : undefined;
  if (value.ws === 'binary')
    return { kind: 'binary', event: Number(value.event), head: head ?? Buffer.alloc(0) };
  const [method = '', ...target] = String(value.http).split(' ');
  return {
    kind: 'http',
    method,
    target: target.join(' '),
    request: readObject(value.request),
    form: readObject(value.form),
    status: Number(value.status),
    headers: readObject(value.headers),
    response: value.response,
    head,
  };
}
