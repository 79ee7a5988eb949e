/** The picture inside a data URL (PNG, JPEG or WebP in base64); null for any other text. */
export function parseDataUrl(value: string): { bytes: Uint8Array; extension: string } | null {
  const found = /^data:image\/(png|jpeg|jpg|webp);base64,([A-Za-z0-9+/=\s]+)$/.exec(value);
  if (!found?.[1] || !found[2]) return null;
  return { bytes: Buffer.from(found[2], 'base64'), extension: found[1] === 'jpeg' ? 'jpg' : found[1] };
}
