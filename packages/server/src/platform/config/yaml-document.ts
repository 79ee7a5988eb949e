import type { TextPlace } from '@comfleet/comfyui';
import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type ConfigProblem, createProblem, type FindPlace } from './config-problem.ts';

/** A YAML file as plain values, with the place of each, or its problems. */
export interface YamlContent {
  value: unknown;
  problems: ConfigProblem[];
  findPlace: FindPlace;
}

const MAX_TEXT_LENGTH = 5_000_000;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses YAML 1.2 with the core schema only: no custom tags, at most 100 aliases. Whole numbers beyond 2^53 stay exact
 * as decimal text.
 */
export function parseYaml(text: string): YamlContent {
  if (text.length > MAX_TEXT_LENGTH) {
    return failWith('the file is larger than 5 MB');
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true, prettyErrors: false });
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    path: '',
    ...toPlace(lines.linePos(error.pos[0])),
    message: error.message,
  }));
  const findPlace: FindPlace = (path) => {
    const offset = findOffset(document.contents, path);
    return offset === null ? null : toPlace(lines.linePos(offset));
  };
  if (problems.length > 0) return { value: undefined, problems, findPlace };
  return readValue(
    () => toPlain(document.toJS({ maxAliasCount: 100 }), [], problems, findPlace),
    problems,
    findPlace,
  );
}

function toPlace({ line, col: column }: { line: number; col: number }): TextPlace {
  return { line, column };
}

function failWith(message: string): YamlContent {
  return {
    value: undefined,
    problems: [{ path: '', line: null, column: null, message }],
    findPlace: () => null,
  };
}

function readValue(read: () => unknown, problems: ConfigProblem[], findPlace: FindPlace): YamlContent {
  try {
    return { value: read(), problems, findPlace };
  } catch (thrown) {
    // yaml throws a ReferenceError for alias bombs.
    return failWith(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Copies into plain objects: exact numbers as text, keys that touch prototypes refused, cycles refused by depth. */
function toPlain(
  value: unknown,
  path: readonly PropertyKey[],
  problems: ConfigProblem[],
  findPlace: FindPlace,
): unknown {
  if (path.length > 32) throw new Error('nested more than 32 deep');
  if (typeof value === 'bigint') {
    return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
      ? Number(value)
      : String(value);
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => toPlain(item, [...path, index], problems, findPlace));
  }
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const here = [...path, key];
    if (FORBIDDEN_KEYS.has(key)) {
      problems.push(createProblem(here.join('.'), findPlace(here), 'this key is not allowed'));
    } else {
      copy[key] = toPlain(item, here, problems, findPlace);
    }
  }
  return copy;
}

/** Offset of the key (or item) at the path, or of the nearest parent that exists in the file. */
function findOffset(root: Node | null, path: readonly PropertyKey[]): number | null {
  let place: Place = { node: root, offset: root?.range?.[0] ?? null };
  for (const step of path) {
    const next = stepInto(place.node, step);
    if (!next) return place.offset;
    place = { node: next.node, offset: next.offset ?? place.offset };
  }
  return place.offset;
}

interface Place {
  node: unknown;
  offset: number | null;
}

function stepInto(node: unknown, step: PropertyKey): Place | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
    if (!pair || !isScalar(pair.key)) return null;
    return { node: pair.value, offset: pair.key.range?.[0] ?? null };
  }
  if (!isSeq(node)) return null;
  const item = node.items[Number(step)];
  return { node: item, offset: isNode(item) ? (item.range?.[0] ?? null) : null };
}
