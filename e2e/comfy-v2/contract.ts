import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ReceivedResponse } from '@comfleet/test-kit/server';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

type Json = Record<string, unknown>;

interface Operation {
  id: string;
  method: string;
  path: string;
  pattern: RegExp;
  responses: Json;
  events: Json;
}

const FILE = fileURLToPath(new URL('../contracts/comfy-api-v2.openapi.yaml', import.meta.url));

/** The Comfy API v2 contract from its file: finds the operation of a request, and checks that a response is documented. */
export class Contract {
  readonly operations: readonly Operation[];
  readonly #document: Json;
  readonly #ajv = new Ajv({ strict: false, allErrors: true });

  constructor() {
    this.#document = record(parse(readFileSync(FILE, 'utf8')));
    addFormats.default(this.#ajv);
    const schemas = toJsonSchema(record(record(this.#document['components'])['schemas']));
    this.#ajv.addSchema({ $id: 'contract', components: { schemas } });
    this.operations = Object.entries(record(this.#document['paths'])).flatMap(([path, item]) =>
      Object.entries(record(item)).map(([method, operation]) => ({
        id: String(record(operation)['operationId']),
        method: method.toUpperCase(),
        path,
        pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{[a-z]+\}/g, '[^/]+')}$`),
        responses: record(record(operation)['responses']),
        events: record(record(operation)['x-sse-events'] ?? {}),
      })),
    );
  }

  /** The operation of a request; a literal path wins over one with parameters. Throws if there is none. */
  find(method: string, path: string): Operation {
    const found = this.operations
      .filter((operation) => operation.method === method && operation.pattern.test(path))
      .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
    if (!found) throw new Error(`${method} ${path} is no operation of the contract`);
    return found;
  }

  /** Throws unless the contract documents this response: status, media type, schema, and every event of a stream. */
  check(operation: Operation, answer: ReceivedResponse): void {
    const where = `${operation.id} ${answer.status}`;
    const documented = operation.responses[String(answer.status)];
    if (documented === undefined) throw new Error(`${where} is not documented: ${answer.text}`);
    const response = this.#resolve(record(documented));
    checkRetryAfter(where, answer);
    const content = record(response['content'] ?? {});
    if (operation.method === 'HEAD' || Object.keys(content).length === 0) {
      if (answer.bytes.length > 0) throw new Error(`${where} has a body: ${answer.text}`);
      return;
    }
    const mediaType = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const media = content[mediaType];
    if (media === undefined)
      throw new Error(`${where} answers ${mediaType}, not ${Object.keys(content).join()}`);
    this.#checkBody(operation, mediaType, {
      where,
      schema: record(media)['schema'],
      text: answer.text,
    });
  }

  #checkBody(
    operation: Operation,
    mediaType: string,
    { where, schema, text }: { where: string; schema: unknown; text: string },
  ): void {
    if (mediaType === 'application/json') this.#validate(where, schema, JSON.parse(text));
    if (mediaType === 'text/event-stream') this.#checkStream(operation, text);
  }

  #checkStream(operation: Operation, text: string): void {
    for (const event of parseEvents(text)) {
      const documented = operation.events[event.event];
      if (documented === undefined) throw new Error(`event ${event.event} is not documented`);
      if (event.id !== null) throw new Error(`event ${event.event} carries an id`);
      const pointer = String(record(documented)['schema']);
      this.#validate(`event ${event.event}`, { $ref: pointer }, event.data);
    }
  }

  #resolve(response: Json): Json {
    const pointer = response['$ref'];
    if (typeof pointer !== 'string') return response;
    const name = pointer.split('/').at(-1) ?? '';
    return record(record(record(this.#document['components'])['responses'])[name]);
  }

  #validate(where: string, schema: unknown, value: unknown): void {
    const validate: ValidateFunction = this.#ajv.compile(record(toJsonSchema(record(schema))));
    if (!validate(value)) {
      const problems = this.#ajv.errorsText(validate.errors);
      throw new Error(`${where} does not fit its schema: ${problems}\n${JSON.stringify(value)}`);
    }
  }
}

/** Clients wait for the time that a 429 names, so each must name one. */
function checkRetryAfter(where: string, { status, headers }: ReceivedResponse): void {
  if (status === 429 && !/^\d+$/.test(headers.get('retry-after') ?? ''))
    throw new Error(`${where} has no Retry-After`);
}

export interface ServerEvent {
  event: string;
  id: string | null;
  data: Json;
}

/** The events of a finished stream, without comments and `retry`. */
export function parseEvents(text: string): ServerEvent[] {
  return text
    .split('\n\n')
    .map((block) => new Map(block.split('\n').map((line) => splitLine(line))))
    .filter((fields) => fields.has('data'))
    .map((fields) => ({
      event: fields.get('event') ?? 'message',
      id: fields.get('id') ?? null,
      data: JSON.parse(fields.get('data') ?? 'null'),
    }));
}

function splitLine(line: string): [string, string] {
  const at = line.indexOf(':');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
}

/** OpenAPI 3.0 has the keyword `nullable`; JSON Schema does not. References point into the contract. */
function toJsonSchema(schema: Json): Json {
  const converted = Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => key !== 'example' && !(key === 'nullable' && value === true))
      .map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string' ? value.replace(/^#/, 'contract#') : convert(value),
      ]),
  );
  return schema['nullable'] === true ? { anyOf: [{ type: 'null' }, converted] } : converted;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  return typeof value === 'object' && value !== null ? toJsonSchema(value as Json) : value;
}

function record(value: unknown): Json {
  if (typeof value !== 'object' || value === null)
    throw new Error(`expected an object, got ${String(value)}`);
  return value as Json;
}
