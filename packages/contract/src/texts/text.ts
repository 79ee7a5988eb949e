/** A value in a text: shown as it is, or a text or list of texts in the reader's language. */
export type TextParam = string | number | Text | readonly Text[];

/** A user-facing text on the wire: the code of a catalogue message, and its values. */
export interface Text {
  readonly code: string;
  readonly params: Readonly<Record<string, TextParam>>;
}

/** Reads a text from details of unknown shape; null for anything else. Accepts the same as `textSchema`, without zod. */
export function readSentText(value: unknown): Text | null {
  return isText(value) ? value : null;
}

function isText(value: unknown): value is Text {
  if (!isRecord(value)) return false;
  const { code, params } = value;
  return typeof code === 'string' && isRecord(params) && Object.values(params).every(isTextParam);
}

function isTextParam(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isText);
  return typeof value === 'string' || Number.isFinite(value) || isText(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
