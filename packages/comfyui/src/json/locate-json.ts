/** A position in a text; both numbers from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** White space, then one token, including Python's numbers. The string part is unrolled, so that long strings do not recurse. */
const TOKEN =
  /[ \t\r\n]*("[ !#-[\]-\u{10ffff}]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\u{10ffff}]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN|true|false|null|[{}[\]:,])/uy;

type Wanted = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'nothing';

/** For each open object the key being read; null for an array. */
type Levels = (string | null)[];

/** Where the text stops being JSON; null if it is JSON. `JSON.parse` does not always report it. */
export function findJsonBreak(text: string): TextPlace | null {
  const offset = scan(text, () => false);
  return offset === null ? null : placeAt(text, offset);
}

/** The position of the key at the end of a path of keys; null if there is none. */
export function findJsonKey(text: string, path: readonly string[]): TextPlace | null {
  let found: number | null = null;
  scan(text, (levels, offset) => {
    if (levels.length !== path.length || !levels.every((key, depth) => key === path[depth])) return false;
    found = offset;
    return true;
  });
  return found === null ? null : placeAt(text, found);
}

function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** Returns the offset of the first wrong token, or null. `isEnough` gets the position of each key, and can stop the scan. */
function scan(text: string, isEnough: (levels: Levels, offset: number) => boolean): number | null {
  const levels: Levels = [];
  let wanted: Wanted = 'value';
  for (let at = 0; ; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) {
      const end = at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);
      return end === text.length && wanted === 'nothing' ? null : end;
    }
    const offset = TOKEN.lastIndex - token.length;
    const next = readToken(wanted, token, levels);
    if (next === null) return offset;
    if (next === 'colon' && isEnough(levels, offset)) return null;
    wanted = next;
  }
}

/** What may follow a token, which opens or closes a level; null if the token is not allowed here. */
function readToken(wanted: Wanted, token: string, levels: Levels): Wanted | null {
  switch (wanted) {
    case 'value':
    case 'value-or-end':
      return token === ']' && wanted === 'value-or-end' ? close(levels) : readValue(token, levels);
    case 'key':
    case 'key-or-end':
      return token === '}' && wanted === 'key-or-end' ? close(levels) : readKey(token, levels);
    case 'colon':
      return token === ':' ? 'value' : null;
    case 'comma-or-end':
      return readEnd(token, levels);
    case 'nothing':
      return null;
  }
}

function readValue(token: string, levels: Levels): Wanted | null {
  if (token === '{') {
    levels.push('');
    return 'key-or-end';
  }
  if (token === '[') {
    levels.push(null);
    return 'value-or-end';
  }
  return isPunctuation(token) ? null : afterValue(levels);
}

function readKey(token: string, levels: Levels): Wanted | null {
  if (!token.startsWith('"')) return null;
  levels[levels.length - 1] = JSON.parse(token) as string;
  return 'colon';
}

function readEnd(token: string, levels: Levels): Wanted | null {
  const isArray = levels.at(-1) === null;
  if (token === ',') return isArray ? 'value' : 'key';
  return token === (isArray ? ']' : '}') ? close(levels) : null;
}

function close(levels: Levels): Wanted {
  levels.pop();
  return afterValue(levels);
}

function afterValue(levels: Levels): Wanted {
  return levels.length === 0 ? 'nothing' : 'comma-or-end';
}

function isPunctuation(token: string): boolean {
  return token.length === 1 && '{}[]:,'.includes(token);
}
