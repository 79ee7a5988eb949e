/** A value in a text: shown as it is, or a text or list of texts in the reader's language. */
export type TextParam = string | number | Text | readonly Text[];

/** A text for people as it crosses the wire: the code of a message of a catalogue, and the values in it. */
export interface Text {
  readonly code: string;
  readonly params: Readonly<Record<string, TextParam>>;
}

/** A text that somebody sent, in details of no fixed form; null for anything else. What `textSchema` says, without a parser. */
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
