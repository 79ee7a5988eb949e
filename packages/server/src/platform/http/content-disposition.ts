/** A Content-Disposition header by RFC 6266: an ASCII name for old clients and the real one in UTF-8. */
export function formatDisposition(kind: 'inline' | 'attachment', name: string): string {
  const clean = toFileName(name);
  const ascii = clean.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  if (ascii === clean) return `${kind}; filename="${ascii}"`;
  const encoded = encodeURIComponent(clean).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** The last part of a path without control characters, lone surrogates and leading dots; `file` if nothing is left. */
export function toFileName(name: string): string {
  const base = name.split(/[/\\]/).at(-1) ?? '';
  const clean = base
    .replace(/[\p{Cc}\p{Cf}\p{Surrogate}]/gu, '')
    .replace(/^\.+/, '')
    .trim()
    .slice(0, 200);
  return clean === '' ? 'file' : clean;
}
