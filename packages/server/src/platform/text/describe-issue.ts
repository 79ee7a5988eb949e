import { plainText, type Text } from '@comfleet/contract';
import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { findNearestWord } from '@comfleet/contract/texts/nearest-word';
import type { $ZodIssue, $ZodIssueInvalidValue, $ZodIssueTooBig, $ZodIssueTooSmall } from 'zod/v4/core';

/** Our schemas use sentences of the catalogue as messages. */
const CODES: ReadonlyMap<string, string> = new Map(
  Object.entries(DEFINITION_TEXTS.en).flatMap(([code, message]) =>
    /^(value|config|workflow)\./.test(code) && typeof message === 'string' ? [[message, code] as const] : [],
  ),
);

const KINDS: Readonly<Record<string, string>> = {
  string: 'kind.string',
  int: 'kind.int',
  number: 'kind.number',
  boolean: 'kind.boolean',
  array: 'kind.array',
  object: 'kind.object',
  record: 'kind.object',
  null: 'kind.null',
};

/** Describes a schema's issue in our words instead of the parser's. */
export function describeIssue(issue: $ZodIssue): Text {
  const code = CODES.get(issue.message);
  if (code !== undefined) return plainText(code);
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue.expected, issue.message);
    case 'invalid_value':
      return describeChoice(issue);
    case 'too_small':
      return describeTooSmall(issue);
    case 'too_big':
      return describeTooBig(issue);
    case 'not_multiple_of':
      return { code: 'value.multiple', params: { step: issue.divisor } };
    case 'unrecognized_keys':
      return { code: 'value.unknown_keys', params: { keys: issue.keys.join(', ') } };
    case 'invalid_format':
      if (issue.format === 'url') return plainText('value.url');
      return issue.pattern === undefined
        ? plainText('value.other')
        : { code: 'value.form', params: { pattern: issue.pattern } };
    case 'invalid_union':
      return describeBranches(issue.errors.flatMap((branch) => branch.slice(0, 1).map(describeIssue)));
    case 'invalid_key':
    case 'invalid_element':
      return describeBranches(issue.issues.slice(0, 1).map(describeIssue));
    case 'custom':
      return plainText('value.other');
  }
}

/** A type of value; only the message shows that it is missing, or that YAML read a number. */
function describeType(expected: string, message: string): Text {
  if (message.endsWith('received undefined')) return plainText('value.missing');
  if (expected === 'string' && message.endsWith('received number')) return plainText('value.in_quotes');
  const kind = Object.hasOwn(KINDS, expected) ? KINDS[expected] : undefined;
  return kind === undefined
    ? plainText('value.other')
    : { code: 'value.kind', params: { kind: plainText(kind) } };
}

/** LB1: an unknown name with the nearest known one. `input` is present if the schema was asked to report it. */
function describeChoice({ values, input }: $ZodIssueInvalidValue): Text {
  const words = values.map(String);
  const nearest = typeof input === 'string' ? findNearestWord(input, words) : null;
  const known = words.join(', ');
  return nearest === null
    ? { code: 'value.one_of', params: { values: known } }
    : { code: 'value.one_of_near', params: { values: known, nearest } };
}

function describeTooSmall({ origin, minimum, inclusive }: $ZodIssueTooSmall): Text {
  const min = Number(minimum);
  if (origin === 'string')
    return min <= 1 ? plainText('value.empty') : { code: 'value.too_short', params: { count: min } };
  if (!isNumeric(origin)) return { code: 'value.too_few', params: { count: min } };
  return { code: inclusive === false ? 'value.above' : 'value.from', params: { kind: kindOf(origin), min } };
}

function describeTooBig({ origin, maximum, inclusive }: $ZodIssueTooBig): Text {
  const max = Number(maximum);
  if (origin === 'string') return { code: 'value.too_long', params: { count: max } };
  if (!isNumeric(origin)) return { code: 'value.too_many', params: { count: max } };
  return { code: inclusive === false ? 'value.below' : 'value.to', params: { kind: kindOf(origin), max } };
}

function isNumeric(origin: string): boolean {
  return origin === 'number' || origin === 'int' || origin === 'bigint';
}

function kindOf(origin: string): Text {
  return plainText(origin === 'number' ? 'kind.number' : 'kind.int');
}

/** The issues of all branches, each once. */
function describeBranches(branches: readonly Text[]): Text {
  const different = [...new Map(branches.map((text) => [JSON.stringify(text), text])).values()];
  return (
    different.reduceRight<Text | null>(
      (second, first) => (second === null ? first : { code: 'value.either', params: { first, second } }),
      null,
    ) ?? plainText('value.other')
  );
}
