import type { OutputKind } from '@comfleet/contract';

interface ContentKind {
  contentType: string;
  kind: OutputKind;
}

const BY_EXTENSION: Readonly<Record<string, ContentKind>> = {
  png: { contentType: 'image/png', kind: 'image' },
  jpg: { contentType: 'image/jpeg', kind: 'image' },
  jpeg: { contentType: 'image/jpeg', kind: 'image' },
  webp: { contentType: 'image/webp', kind: 'image' },
  gif: { contentType: 'image/gif', kind: 'image' },
  avif: { contentType: 'image/avif', kind: 'image' },
  svg: { contentType: 'image/svg+xml', kind: 'image' },
  mp4: { contentType: 'video/mp4', kind: 'video' },
  webm: { contentType: 'video/webm', kind: 'video' },
  mov: { contentType: 'video/quicktime', kind: 'video' },
  mkv: { contentType: 'video/x-matroska', kind: 'video' },
  flac: { contentType: 'audio/flac', kind: 'audio' },
  mp3: { contentType: 'audio/mpeg', kind: 'audio' },
  opus: { contentType: 'audio/opus', kind: 'audio' },
  wav: { contentType: 'audio/wav', kind: 'audio' },
  ogg: { contentType: 'audio/ogg', kind: 'audio' },
  txt: { contentType: 'text/plain; charset=utf-8', kind: 'text' },
  json: { contentType: 'application/json', kind: 'file' },
  latent: { contentType: 'application/octet-stream', kind: 'latent' },
  glb: { contentType: 'model/gltf-binary', kind: 'file' },
};

/** Media type and kind by a file's extension; ComfyUI keeps videos under `images`, so keys tell nothing. */
export function readContentKind(name: string): ContentKind {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return BY_EXTENSION[extension] ?? { contentType: 'application/octet-stream', kind: 'file' };
}

export interface Picture {
  format: 'png' | 'jpg' | 'webp' | 'gif';
  width: number | null;
  height: number | null;
}

/** Reads format and size off a picture's first bytes; null when it is none we know. */
export function readPicture(head: Uint8Array): Picture | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) && head.byteLength >= 24) {
    return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
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
