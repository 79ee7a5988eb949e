const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  apng: 'image/apng',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  bmp: 'image/bmp',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  avif: 'image/avif',
  svg: 'image/svg+xml',
  exr: 'image/x-exr',
  hdr: 'image/vnd.radiance',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  avi: 'video/x-msvideo',
  flac: 'audio/flac',
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  m4a: 'audio/mp4',
  aac: 'audio/aac',
  txt: 'text/plain; charset=utf-8',
  log: 'text/plain; charset=utf-8',
  lrc: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  srt: 'application/x-subrip',
  vtt: 'text/vtt; charset=utf-8',
  json: 'application/json',
  obj: 'model/obj',
  stl: 'model/stl',
  glb: 'model/gltf-binary',
  gltf: 'model/gltf+json',
  usdz: 'model/vnd.usdz+zip',
};

/** Media type by a file's extension; keys do not help, as ComfyUI lists videos under `images`. */
export function readContentType(name: string): string {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return TYPES[extension] ?? 'application/octet-stream';
}

export interface Picture {
  format: 'png' | 'jpg' | 'webp' | 'gif';
  width: number | null;
  height: number | null;
  /** Pictures of an animated PNG; absent for any other. */
  frames?: number;
}

/** Reads format and size from a picture's first bytes; null for an unknown format. */
export function readPicture(head: Uint8Array): Picture | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) && head.byteLength >= 24) {
    const frames = readFrames(view);
    const size = { width: view.getUint32(16), height: view.getUint32(20) };
    return { format: 'png', ...size, ...(frames !== null && { frames }) };
  }
  if (startsWith(head, [0xff, 0xd8, 0xff])) return { format: 'jpg', ...readJpegSize(view) };
  if (startsWith(head, [0x47, 0x49, 0x46, 0x38]) && head.byteLength >= 10) {
    return { format: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  const isWebp =
    startsWith(head, [0x52, 0x49, 0x46, 0x46]) && startsWith(head.subarray(8), [0x57, 0x45, 0x42, 0x50]);
  return isWebp ? { format: 'webp', ...readWebpSize(view) } : null;
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

const ANIMATION = 0x61_63_54_4c; // acTL
const PIXELS = 0x49_44_41_54; // IDAT

/** The number of pictures of a PNG, which stands before its pixels; null without one. */
function readFrames(view: DataView): number | null {
  let at = 8;
  while (at + 12 <= view.byteLength) {
    const kind = view.getUint32(at + 4);
    if (kind === ANIMATION) return view.getUint32(at + 8);
    if (kind === PIXELS) return null;
    at += 12 + view.getUint32(at);
  }
  return null;
}

const NO_SIZE = { width: null, height: null };

function readJpegSize(view: DataView): { width: number | null; height: number | null } {
  let at = 2;
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return NO_SIZE;
}

function readWebpSize(view: DataView): { width: number | null; height: number | null } {
  if (view.byteLength < 30) return NO_SIZE;
  const chunk = String.fromCharCode(...[12, 13, 14, 15].map((at) => view.getUint8(at)));
  if (chunk === 'VP8X') return { width: 1 + readUint24(view, 24), height: 1 + readUint24(view, 27) };
  if (chunk === 'VP8 ')
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (chunk === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  return NO_SIZE;
}

function readUint24(view: DataView, at: number): number {
  return view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
}
