import { createHash } from 'node:crypto';
import { isLosslessNumber, stringifyLosslessJson, type TimeSlice } from '@comfleet/comfyui';

/** Characters hashed in one go. */
const PIECE_CHARACTERS = 65_536;

/** SHA-256 hex of a JSON tree, independent of key order: equal for bodies that mean the same. */
export async function hashBody(tree: unknown, slice: TimeSlice): Promise<string> {
  const hash = createHash('sha256');
  let text = '';
  for (const part of listParts(tree)) {
    text += part;
    if (text.length < PIECE_CHARACTERS) continue;
    hash.update(text);
    text = '';
    await slice.yieldIfSpent();
  }
  return hash.update(text).digest('hex');
}

/** The text of a tree in parts, none of them very long. */
function* listParts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield* listStringParts(value);
  else if (typeof value !== 'object' || value === null || isLosslessNumber(value))
    yield stringifyLosslessJson(value);
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield index === 0 ? '[' : ',';
      yield* listParts(item);
    }
    yield value.length === 0 ? '[]' : ']';
  } else yield* listMemberParts(Object.entries(value));
}

function* listMemberParts(members: [string, unknown][]): Generator<string> {
  let separator = '{';
  for (const [name, item] of members.sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield separator;
    yield* listStringParts(name);
    yield ':';
    yield* listParts(item);
    separator = ',';
  }
  yield members.length === 0 ? '{}' : '}';
}

function* listStringParts(text: string): Generator<string> {
  yield '"';
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS)
    yield JSON.stringify(text.slice(at, at + PIECE_CHARACTERS)).slice(1, -1);
  yield '"';
}
