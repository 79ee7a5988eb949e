/** One part of a multipart form. */
export interface FormPart {
  readonly name: string;
  readonly filename: string | undefined;
  readonly bytes: Buffer;
}

/** Parses a multipart/form-data body; undefined if it is not one. */
export function readMultipart(
  contentType: string | undefined,
  body: Buffer,
): readonly FormPart[] | undefined {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '');
  if (boundary === null || !contentType?.toLowerCase().startsWith('multipart/')) return undefined;
  const delimiter = Buffer.from(`--${boundary[1] ?? boundary[2] ?? ''}`);
  const parts: FormPart[] = [];
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    const next = body.indexOf(delimiter, start);
    if (next < 0) break;
    const part = readPart(body.subarray(start + 2, next - 2));
    if (part !== undefined) parts.push(part);
    at = next;
  }
  return parts;
}

function readPart(raw: Buffer): FormPart | undefined {
  const headEnd = raw.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = raw.toString('utf8', 0, headEnd);
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  const name = readParameter(disposition, 'name');
  if (name === undefined) return undefined;
  return { name, filename: readParameter(disposition, 'filename'), bytes: raw.subarray(headEnd + 4) };
}

function readParameter(disposition: string, name: string): string | undefined {
  const encoded = new RegExp(`[;\\s]${name}\\*=utf-8''([^;]+)`, 'i').exec(disposition)?.[1];
  if (encoded !== undefined) return decodeURIComponent(encoded.trim());
  const plain = new RegExp(`[;\\s]${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(disposition)?.[1];
  if (plain !== undefined) return plain.replace(/\\(.)/g, '$1').replaceAll('%22', '"');
  return new RegExp(`[;\\s]${name}=([^;"\\s]+)`, 'i').exec(disposition)?.[1];
}
