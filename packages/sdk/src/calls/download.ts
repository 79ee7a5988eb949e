import { ComfleetError } from '../errors.ts';
import type { CallOptions, HttpTransport, QueryValue } from '../http/transport.ts';

/** A file on its way. Read it once, by `body` or by `bytes()`. */
export interface Download {
  /** The name the server gives the file; null when it gives none. */
  readonly name: string | null;
  readonly contentType: string;
  /** Null when the server does not know it beforehand (a ZIP of several files). */
  readonly sizeBytes: number | null;
  readonly body: ReadableStream<Uint8Array>;
  /** The whole file. Throws ComfleetError when fewer bytes came than were announced. */
  bytes(): Promise<Uint8Array>;
}

export interface DownloadOptions extends CallOptions {
  /** Bytes to leave out at the start, to go on with a broken download. */
  readonly offset?: number;
}

/** Opens a file of the server. The time limit covers the wait for its first byte only. */
export async function openDownload(
  transport: HttpTransport,
  path: string,
  options: DownloadOptions & { readonly query?: Readonly<Record<string, QueryValue>> } = {},
): Promise<Download> {
  const { offset, query, ...call } = options;
  const headers: Record<string, string> = { accept: '*/*' };
  if (offset !== undefined && offset > 0) headers.range = `bytes=${offset}-`;
  return await transport.send(
    { ...call, method: 'GET', path, headers, ...(query === undefined ? {} : { query }) },
    (response) => Promise.resolve(toDownload(response, path)),
  );
}

function toDownload(response: Response, path: string): Download {
  const body = response.body ?? new Blob([]).stream();
  const length = response.headers.get('content-length');
  const encoded = response.headers.get('content-encoding');
  const sizeBytes = length === null || encoded !== null ? null : Number(length);
  return {
    name: parseFileName(response.headers.get('content-disposition')),
    contentType: response.headers.get('content-type') ?? 'application/octet-stream',
    sizeBytes,
    body,
    bytes: () => readWhole(body, sizeBytes, path),
  };
}

async function readWhole(body: ReadableStream<Uint8Array>, sizeBytes: number | null, path: string) {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await new Response(body).arrayBuffer());
  } catch (cause) {
    throw new ComfleetError('UNREACHABLE', `The download of ${path} broke.`, { cause });
  }
  if (sizeBytes !== null && bytes.length !== sizeBytes) {
    throw new ComfleetError('INVALID_ANSWER', `${path} has ${sizeBytes} bytes, but ${bytes.length} came.`);
  }
  return bytes;
}

/** The file name of a Content-Disposition header (RFC 6266: `filename*` before `filename`), without any folder. */
export function parseFileName(header: string | null): string | null {
  if (header === null) return null;
  const extended = /filename\*\s*=\s*UTF-8''([^;]+)/i.exec(header)?.[1];
  const quoted = /filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]?.replace(/\\(.)/g, '$1');
  const plain = /filename\s*=\s*([^;"\s]+)/i.exec(header)?.[1];
  return toPlainName(decodeOrNull(extended) ?? quoted ?? plain);
}

function toPlainName(path: string | undefined): string | null {
  const name = path?.split(/[/\\]/).at(-1);
  return name === undefined || ['', '.', '..'].includes(name) ? null : name;
}

function decodeOrNull(text: string | undefined): string | null {
  if (text === undefined) return null;
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return null; // not well encoded: the plain name is used
  }
}
