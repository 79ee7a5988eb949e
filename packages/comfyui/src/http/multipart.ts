import { ComfyError } from './comfy-error.ts';
import type { UploadRequest } from './comfy-http.ts';

/** Builds a multipart/form-data body with the fields of POST /upload/image; streams stay streams. */
export function buildMultipart(upload: UploadRequest): {
  headers: Record<string, string>;
  body: Uint8Array | AsyncIterable<Uint8Array>;
} {
  // A guessable boundary would let a file add form fields of its own (overwrite, subfolder).
  // eslint-disable-next-line no-restricted-properties
  const boundary = `----comfleet${crypto.randomUUID()}`;
  const encoder = new TextEncoder();
  const fields = {
    type: upload.type,
    subfolder: upload.subfolder,
    overwrite: upload.overwrite ? 'true' : undefined,
  };
  const texts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
  const fileHead =
    `--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="${escapeName(upload.filename)}"\r\n` +
    'Content-Type: application/octet-stream\r\n\r\n';
  const head = encoder.encode(texts.join('') + fileHead);
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  const headers: Record<string, string> = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  if (upload.bytes !== undefined) return { headers, body: concatBytes([head, upload.bytes, tail]) };
  if (upload.stream === undefined) throw new ComfyError('INVALID_BODY', 'An upload needs bytes or a stream');
  if (upload.sizeBytes !== undefined)
    headers['content-length'] = String(head.length + upload.sizeBytes + tail.length);
  return { headers, body: joinStream(head, upload.stream, tail) };
}

/** Joins byte arrays into a new one. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

async function* joinStream(
  head: Uint8Array,
  stream: AsyncIterable<Uint8Array>,
  tail: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield head;
  yield* stream;
  yield tail;
}

/** Escapes a file name as browsers do in form data. */
function escapeName(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
