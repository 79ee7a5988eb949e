const RAW = Symbol('raw JSON');

/** JSON text to be placed into a body as written, so that numbers beyond 2^53 keep every digit. */
export interface RawJson {
  readonly [RAW]: string;
}

/** Wraps JSON text after checking that it is one whole JSON value; throws SyntaxError otherwise. */
export function rawJson(text: string): RawJson {
  JSON.parse(text);
  return { [RAW]: text.trim() };
}

/** JSON.stringify that also takes `rawJson` text and bigint (written as its digits). Undefined members are left out. */
export function writeJson(value: unknown): string {
  return writeValue(value) ?? 'null';
}

function writeValue(value: unknown): string | undefined {
  if (typeof value === 'bigint') return value.toString();
  if (isRawJson(value)) return value[RAW];
  if (Array.isArray(value)) return `[${value.map((item) => writeValue(item) ?? 'null').join(',')}]`;
  if (isPlainObject(value)) {
    const members = Object.entries(value).flatMap(([key, member]) => {
      const text = writeValue(member);
      return text === undefined ? [] : [`${JSON.stringify(key)}:${text}`];
    });
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) as string | undefined;
}

function isRawJson(value: unknown): value is RawJson {
  return typeof value === 'object' && value !== null && RAW in value;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !('toJSON' in value && typeof value.toJSON === 'function')
  );
}
