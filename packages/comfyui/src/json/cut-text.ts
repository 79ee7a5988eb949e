/** The most that is kept of a text which only explains something: a message, a traceback, a quoted body. */
export const TEXT_BYTES = 64 * 1024;

const MARK = /… \(cut: (\d+(?:\.\d)?) (k|M)B more\)$/;
const UNIT_BYTES = { k: 1000, M: 1_000_000 };

/** The text, or its beginning within `maxBytes` of UTF-8 plus a mark with the number of bytes cut; never splits a character. */
export function cutText(text: string, maxBytes = TEXT_BYTES): string {
  if (text.length * 3 <= maxBytes) return text;
  const kept = keepBytes(text, maxBytes);
  return kept.length === text.length ? text : `${kept} ${toCutMark(countBytes(text.slice(kept.length)))}`;
}

/** Lines within `maxBytes` in total: the last ones, because an error is at the end, after a mark with the number of bytes cut. */
export function cutLines(lines: readonly string[], maxBytes = TEXT_BYTES): string[] {
  let first = lines.length;
  for (let left = maxBytes; first > 0; first -= 1) {
    left -= (lines[first - 1] ?? '').length * 3;
    if (left < 0) break;
  }
  const kept = lines.slice(first);
  if (first === 0) return kept;
  if (kept.length === 0) return [cutText(lines.at(-1) ?? '', maxBytes)];
  const beforeBytes = lines.slice(0, first).reduce((sum, line) => sum + line.length, 0);
  return [`${toCutMark(beforeBytes)}\n`, ...kept];
}

/** The mark that replaces the cut bytes. */
export function toCutMark(bytes: number): string {
  return bytes < 100_000
    ? `… (cut: ${(bytes / 1000).toFixed(1)} kB more)`
    : `… (cut: ${(bytes / 1_000_000).toFixed(1)} MB more)`;
}

/** The longest beginning that fits without splitting a character. */
function keepBytes(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/** Size of a text; if it was cut before, including what its mark counts. */
function countBytes(text: string): number {
  const [mark = '', amount = '0', unit = 'k'] = MARK.exec(text.slice(-40)) ?? [];
  const cutBytes = Number(amount) * UNIT_BYTES[unit === 'M' ? 'M' : 'k'];
  return new TextEncoder().encode(text.slice(0, text.length - mark.length)).length + cutBytes;
}
