import type { TextPlace } from '@comfleet/comfyui';
import { type PlainCode, plainText } from '@comfleet/contract';
import type { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { type ErrorCode, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type ConfigProblem, createProblem, type FindPlace } from './config-problem.ts';
import { findBadAlias } from './find-bad-alias.ts';

/** A YAML file as plain values with their positions, or its problems. */
export interface YamlContent {
  value: unknown;
  problems: ConfigProblem[];
  findPlace: FindPlace;
}

const MAX_TEXT_LENGTH = 5_000_000;
const MAX_ALIASES = 100;

type FileProblem = PlainCode<typeof DEFINITION_TEXTS.en> & `file.${string}`;

/** What the parser's errors mean for the author of the file; any other one means that it is no YAML. */
const PROBLEMS: Partial<Record<ErrorCode, FileProblem>> = {
  ALIAS_PROPS: 'file.aliases',
  BAD_ALIAS: 'file.aliases',
  BAD_INDENT: 'file.indentation',
  BLOCK_AS_IMPLICIT_KEY: 'file.nested',
  BLOCK_IN_FLOW: 'file.nested',
  DUPLICATE_KEY: 'file.twice',
  MISSING_CHAR: 'file.unclosed',
  MULTILINE_IMPLICIT_KEY: 'file.unclosed',
  TAB_AS_INDENT: 'file.tab',
  TAG_RESOLVE_FAILED: 'file.tag',
};

class TooDeepError extends Error {}

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses YAML 1.2 with the core schema only: no custom tags, at most 100 aliases. Whole numbers beyond 2^53 stay exact
 * as decimal text.
 */
export function parseYaml(text: string): YamlContent {
  if (text.length > MAX_TEXT_LENGTH) {
    return failWith('file.too_large');
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true, prettyErrors: false });
  const problems = [...document.errors, ...document.warnings].map((error) =>
    createProblem(
      '',
      toPlace(lines.linePos(error.pos[0])),
      plainText(PROBLEMS[error.code] ?? 'file.not_yaml'),
    ),
  );
  const findPlace: FindPlace = (path) => {
    const offset = findOffset(document.contents, path);
    return offset === null ? null : toPlace(lines.linePos(offset));
  };
  if (problems.length > 0) return { value: undefined, problems, findPlace };
  try {
    const value = toPlain(document.toJS({ maxAliasCount: MAX_ALIASES }), [], problems, findPlace);
    return { value, problems, findPlace };
  } catch (thrown) {
    if (thrown instanceof TooDeepError) return failWith('file.too_deep');
    // yaml throws a ReferenceError for alias bombs, and for an alias without anchor.
    const offset = findBadAlias(document, MAX_ALIASES);
    return failWith('file.aliases', offset === null ? null : toPlace(lines.linePos(offset)));
  }
}

function toPlace({ line, col: column }: { line: number; col: number }): TextPlace {
  return { line, column };
}

function failWith(code: FileProblem, place: TextPlace | null = null): YamlContent {
  return { value: undefined, problems: [createProblem('', place, plainText(code))], findPlace: () => null };
}

/** Copies into plain objects: exact numbers as text; keys that affect prototypes are refused, and cycles by depth. */
function toPlain(
  value: unknown,
  path: readonly PropertyKey[],
  problems: ConfigProblem[],
  findPlace: FindPlace,
): unknown {
  if (path.length > 32) throw new TooDeepError();
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
      problems.push(createProblem(here.join('.'), findPlace(here), plainText('file.forbidden_key')));
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
