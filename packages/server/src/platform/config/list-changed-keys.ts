import { isDeepStrictEqual } from 'node:util';
import { isPlainObject } from './environment.ts';

/** How deep nested blocks are compared: `nodes.load_balancing.strategy`. */
const MAX_DEPTH = 3;

/** The dotted keys whose values differ between two configurations as written in files. Pure. */
export function listChangedKeys(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (path.length === MAX_DEPTH || !isPlainObject(before) || !isPlainObject(after)) return [path.join('.')];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => listChangedKeys(before[key], after[key], [...path, key]));
}
