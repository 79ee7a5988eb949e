import { AppError } from '../errors/app-error.ts';

const HEAD = /^data:image\/(png|jpeg|jpg|webp);base64,/;
const HEAD_CHARACTERS = 40;
/** Maximum characters of base64 per byte, including line breaks. */
export const MAX_GROWTH = 1.5;

/** True for a text that is a picture in base64, as `parseDataUrl` reads it. */
export function isInlineFile(value: string): boolean {
  return HEAD.test(value.slice(0, HEAD_CHARACTERS));
}

/**
 * The picture inside a data URL (PNG, JPEG or WebP in base64); null for any other text. Throws BODY_TOO_LARGE if it exceeds the
 * limit of uploads.
 */
export function parseDataUrl(
  value: string,
  maxBytes: number,
): { bytes: Uint8Array; extension: string } | null {
  const [head, kind] = HEAD.exec(value.slice(0, HEAD_CHARACTERS)) ?? [];
  if (head === undefined || kind === undefined) return null;
  const base64 = value.slice(head.length);
  if (base64.length > maxBytes * MAX_GROWTH) throw new AppError('BODY_TOO_LARGE', { limit_bytes: maxBytes });
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0) return null;
  if (bytes.length > maxBytes) throw new AppError('BODY_TOO_LARGE', { limit_bytes: maxBytes });
  return { bytes, extension: kind === 'jpeg' ? 'jpg' : kind };
}
