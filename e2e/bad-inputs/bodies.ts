import type { Json } from '@comfleet/test-kit/server';
import { type BadInput, writeRequest } from './raw-request.ts';

/** A value of the wrong type or outside its limits, at a place of a body. */
interface Wrong {
  readonly path: readonly string[];
  readonly value: unknown;
}

const UNKNOWN_ID = '01900000-0000-7000-8000-0000000000ff';
const REFUSALS = ['400 INVALID_REQUEST', '422 invalid_request'];
/** The contract of jobs looks for what is missing first. */
const OTHER_REFUSALS: Readonly<Record<string, string>> = {
  'POST /api/v2/jobs': '422 invalid_workflow',
  'POST /api/v2/assets/from-hash': '404 blob_not_found',
};

/** One body for each wrong value of each field of each JSON request in the document, and one query for each parameter. */
export function bodyInputs(document: Json, bearer: string): BadInput[] {
  return Object.entries<Json>(document.paths).flatMap(([template, item]) =>
    Object.entries<Json>(item).flatMap(([method, operation]) => {
      const path = template.replace(/\{\w+\}/g, UNKNOWN_ID);
      const target = { method: method.toUpperCase(), path, bearer };
      const schema = operation.requestBody?.content?.['application/json']?.schema;
      const bodies = schema === undefined ? [] : listWrong(document, schema);
      return [
        ...bodies.map((wrong) => toBodyInput(target, wrong)),
        ...(operation.parameters ?? []).flatMap((parameter: Json) => toQueryInputs(target, parameter)),
      ];
    }),
  );
}

interface Target {
  readonly method: string;
  readonly path: string;
  readonly bearer: string;
}

function toBodyInput({ method, path, bearer }: Target, { path: at, value }: Wrong): BadInput {
  const body = at.reduceRight<unknown>((inner, name) => (name === '[]' ? [inner] : { [name]: inner }), value);
  const text = JSON.stringify(body);
  return {
    name: `${method} ${path} with ${text.slice(0, 150)}`,
    bytes: writeRequest({
      method,
      path,
      headers: [`authorization: Bearer ${bearer}`],
      type: 'application/json',
      body: text,
    }),
    refusals: [OTHER_REFUSALS[`${method} ${path}`] ?? '', ...REFUSALS],
    operation: `${method} ${path}`,
  };
}

function toQueryInputs({ method, path, bearer }: Target, parameter: Json): BadInput[] {
  if (parameter.in !== 'query') return [];
  return listWrongTexts(parameter.schema).map((text) => {
    const query = `${parameter.name}=${encodeURIComponent(text)}`;
    return {
      name: `${method} ${path}?${query.slice(0, 150)}`,
      bytes: writeRequest({
        method,
        path: `${path}?${query}`,
        headers: [`authorization: Bearer ${bearer}`],
      }),
      refusals: REFUSALS,
      operation: `${method} ${path}`,
    };
  });
}

function listWrongTexts(schema: Json): string[] {
  if (schema.enum) return ['nonsense', '', `${schema.enum[0]}\0`, "' or 1=1--"];
  if (schema.type === 'integer' || schema.type === 'number')
    return ['abc', '-1', '1e400', '1,000', 'NaN', '1.5', '99999999999999999999', '[]'];
  return schema.maxLength ? ['x'.repeat(schema.maxLength + 1)] : [];
}

function resolve(document: Json, part: Json): Json {
  if (typeof part.$ref !== 'string') return part;
  return part.$ref
    .slice(2)
    .split('/')
    .reduce((at: Json, name: string) => at[name], document);
}

/** Wrong values at this place and below it. */
function listWrong(document: Json, part: Json, path: readonly string[] = []): Wrong[] {
  const schema = resolve(document, part);
  const own = listWrongValues(document, schema).map((value) => ({ path, value }));
  const members = Object.entries<Json>(schema.properties ?? {}).flatMap(([name, property]) =>
    listWrong(document, property, [...path, name]),
  );
  const items = schema.items ? listWrong(document, schema.items, [...path, '[]']) : [];
  return [...own, ...members, ...items];
}

const OTHER: Readonly<Record<string, readonly unknown[]>> = {
  string: [5, true, [], {}, null],
  integer: ['x', true, [], {}, null, 1.5],
  number: ['x', true, [], {}, null],
  boolean: ['true', 1, [], {}, null],
  array: ['x', 5, {}, null],
  object: ['x', 5, [], true, null],
};

/** Values that the schema refuses; none for a schema that takes anything. */
function listWrongValues(document: Json, schema: Json): unknown[] {
  const either: Json[] = schema.anyOf ?? schema.oneOf ?? [];
  if (either.length > 0) {
    const types = new Set(either.map((one) => resolve(document, one).type));
    const isOpen = types.has(undefined);
    return isOpen ? [] : [5, true, 'x', [], {}, null].filter((value) => ![...types].includes(typeOf(value)));
  }
  const type: string | undefined = schema.type;
  if (type === undefined) return schema.enum ? ['nonsense', 5, null] : [];
  return [...(OTHER[type] ?? []), ...listBeyond(schema)];
}

/** Values of the right type beyond a limit of the schema. */
function listBeyond(schema: Json): unknown[] {
  return [
    ...(schema.enum ? ['nonsense', ''] : []),
    ...(schema.maxLength === undefined ? [] : ['x'.repeat(schema.maxLength + 1)]),
    ...(schema.minLength > 0 && !schema.enum ? [''] : []),
    ...(schema.maximum === undefined || schema.maximum > 1e15 ? [] : [schema.maximum + 1]),
    ...(schema.minimum === undefined || schema.minimum < -1e15 ? [] : [schema.minimum - 1]),
  ];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? 'integer' : typeof value;
}
