import { posix } from 'node:path';
import { readNumber } from '../faults/fault-script.ts';
import { readAnnotatedName } from '../files/annotated-name.ts';
import type { FolderName, StoredFile } from '../files/file-store.ts';
import { encodePng } from '../images/png.ts';
import { readPng } from '../images/read-png.ts';
import { CLIPS } from '../media.ts';
import { isSince, type VersionProfile } from '../profile.ts';
import { HandlerRaised, type Reply, replyEmpty, type SimRequest } from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.svg': 'image/svg+xml',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.flac': 'audio/flac',
  '.mp3': 'audio/mpeg',
  '.opus': 'audio/opus',
  '.wav': 'audio/x-wav',
  '.txt': 'text/plain',
  '.json': 'application/json',
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.obj': 'model/obj',
  '.glb': 'model/gltf-binary',
};

/** Extensions of files that a browser would execute. */
const ACTIVE = new Set(['.html', '.htm', '.xhtml', '.js', '.mjs', '.css', '.svg', '.xml', '.xsl']);

function viewFile(request: SimRequest, state: ServerState): Reply {
  const requested = request.query.get('filename');
  if (requested === null) return replyEmpty(404);
  const place = locate(requested, request.query);
  if (typeof place === 'number') return replyEmpty(place);
  state.ledger.append('view', { folder: place.folder, path: place.path });
  const file =
    state.faults.take('view_gone') === undefined ? state.files.read(place.folder, place.path) : undefined;
  if (file === undefined) return replyEmpty(404);
  const disposition = describeFile(place.name);
  const preview = request.query.get('preview');
  if (preview !== null) return showPreview(file, preview, disposition, request.query.get('channel') ?? '');
  const channel = request.query.get('channel');
  if (channel === 'rgb' || channel === 'a') return showChannel(file, channel, disposition);
  return sendFile(request, state, { file, name: place.name });
}

/** aiohttp writes header values as UTF-8; Node needs each byte as a character, and no control characters. */
function describeFile(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return `filename="${Buffer.from(name.replace(/[\u0000-\u001f\u007f]/g, ''), 'utf8').toString('latin1')}"`;
}

function readFolder(name: string | null): FolderName | undefined {
  return name === 'output' || name === 'input' || name === 'temp' ? name : undefined;
}

/** Folder and path of a view query, or the status with which ComfyUI refuses it. */
function locate(
  asked: string,
  query: URLSearchParams,
): { folder: FolderName; path: string; name: string } | number {
  const { path, folder: annotated } = readAnnotatedName(asked);
  if (path === '' || path.startsWith('/') || path.includes('..')) return 400;
  const folder = annotated ?? readFolder(query.get('type') ?? 'output');
  if (folder === undefined) return 400;
  const full = posix.resolve('/root', query.get('subfolder') ?? '');
  if (full !== '/root' && !full.startsWith('/root/')) return 403;
  const name = posix.basename(path);
  const subfolder = full.slice('/root/'.length);
  return { folder, path: subfolder === '' ? name : `${subfolder}/${name}`, name };
}

/** Instead of re-encoding, sends a small committed picture of the requested type. */
function showPreview(file: StoredFile, preview: string, disposition: string, channel: string): Reply {
  if (!isPicture(file)) throw new HandlerRaised('cannot identify image file');
  const [format = ''] = preview.split(';');
  const isJpeg = format === 'jpeg' && !channel.includes('a');
  return {
    status: 200,
    headers: { 'Content-Type': isJpeg ? 'image/jpeg' : 'image/webp', 'Content-Disposition': disposition },
    body: isJpeg ? CLIPS.jpeg : CLIPS.webp,
  };
}

function showChannel(file: StoredFile, channel: 'rgb' | 'a', disposition: string): Reply {
  const picture = readPng(file.bytes);
  if (picture === undefined) throw new HandlerRaised('cannot identify image file');
  const { width, height } = picture;
  const data = new Uint8Array(width * height * (channel === 'rgb' ? 3 : 4));
  for (let i = 0; i < width * height; i += 1) {
    if (channel === 'rgb') data.set(picture.data.subarray(i * 4, i * 4 + 3), i * 3);
    else data[i * 4 + 3] = picture.data[i * 4 + 3] ?? 255;
  }
  const body = encodePng({ width, height, channels: channel === 'rgb' ? 3 : 4, data });
  return { status: 200, headers: { 'Content-Type': 'image/png', 'Content-Disposition': disposition }, body };
}

function isPicture(file: StoredFile): boolean {
  const magic = file.bytes.toString('latin1', 0, 12);
  return (
    magic.startsWith('\x89PNG') ||
    magic.startsWith('\xff\xd8') ||
    magic.startsWith('GIF8') ||
    magic.slice(8) === 'WEBP'
  );
}

/** 0.33 sends files that a browser would execute as a download, and an SVG as a picture only to an `<img>`. */
function describeContent(
  name: string,
  version: VersionProfile,
  destination: unknown,
): Record<string, string> {
  const extension = posix.extname(name).toLowerCase();
  const known = CONTENT_TYPES[extension] ?? 'application/octet-stream';
  if (!isSince(version, '0.33')) return { 'Content-Type': known, 'Content-Disposition': describeFile(name) };
  const guard = { 'X-Content-Type-Options': 'nosniff' };
  if (!ACTIVE.has(extension))
    return { 'Content-Type': known, 'Content-Disposition': describeFile(name), ...guard };
  const isPicture = extension === '.svg' && destination === 'image';
  return {
    'Content-Type': isPicture ? known : 'application/octet-stream',
    'Content-Disposition': isPicture ? describeFile(name) : `attachment; ${describeFile(name)}`,
    ...guard,
    Vary: 'Sec-Fetch-Dest',
    'Cache-Control': 'no-store',
  };
}

interface NamedFile {
  readonly file: StoredFile;
  readonly name: string;
}

function sendFile(request: SimRequest, state: ServerState, { file, name }: NamedFile): Reply {
  const big = state.faults.take('big_file');
  const headers = {
    ...describeContent(name, state.options.version, request.headers['sec-fetch-dest']),
    'Accept-Ranges': 'bytes',
    'Last-Modified': new Date(file.modifiedMs).toUTCString(),
    ETag: `"${Math.floor(file.modifiedMs * 1e6).toString(16)}-${file.bytes.length.toString(16)}"`,
  };
  if (big !== undefined) return sendBig(headers, readNumber(big, 'bytes', 2 * 1024 ** 3));
  const bytes = state.faults.take('view_bit_flip') === undefined ? file.bytes : flipBit(file.bytes);
  const range = readRange(request.headers.range, bytes.length);
  if (range === 'whole') return { status: 200, headers, body: bytes };
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { 'Content-Range': `bytes */${bytes.length}` }, body: '' };
  }
  const part = bytes.subarray(range.start, range.end + 1);
  return {
    status: 206,
    headers: { ...headers, 'Content-Range': `bytes ${range.start}-${range.end}/${bytes.length}` },
    body: part,
  };
}

function flipBit(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = Math.floor(copy.length / 2);
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

function sendBig(headers: Readonly<Record<string, string>>, size: number): Reply {
  const chunk = Buffer.alloc(1024 * 1024);
  function* produce(): Iterable<Buffer> {
    for (let sent = 0; sent < size; sent += chunk.length)
      yield chunk.subarray(0, Math.min(chunk.length, size - sent));
  }
  return {
    status: 200,
    headers: { ...headers, 'Content-Length': String(size) },
    body: '',
    stream: produce(),
  };
}

/** Parses one byte range as aiohttp's FileResponse does. */
function readRange(
  header: string | undefined,
  size: number,
): 'whole' | 'unsatisfiable' | { start: number; end: number } {
  if (header === undefined) return 'whole';
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (match === null || (match[1] === '' && match[2] === '')) return 'unsatisfiable';
  if (match[1] === '') return { start: Math.max(0, size - Number(match[2])), end: size - 1 };
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start >= size || end < start ? 'unsatisfiable' : { start, end };
}

/** Files of the three folders (protocol 7.3). */
export const VIEW_ROUTES: readonly Route[] = [route('GET', '/view', viewFile)];
