import { z } from 'zod';

type Json = Record<string, ReturnType<typeof JSON.parse>>;

/** A response as received; `contentType` is null without the header. */
export interface SeenResponse {
  status: number;
  contentType: string | null;
  text: string;
}

interface Operation {
  name: string;
  segments: readonly string[];
  responses: Json;
}

/** The API document of a running server (/openapi.json), to check its responses against. */
export class ApiDocument {
  readonly #operations: readonly Operation[];
  readonly #definitions: Json;
  readonly #schemas = new Map<string, z.ZodType>();

  constructor(document: Json) {
    this.#definitions = toDefinitions(document.components?.schemas ?? {});
    this.#operations = Object.entries<Json>(document.paths).flatMap(([path, item]) =>
      Object.entries<Json>(item).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        segments: path.split('/'),
        responses: operation.responses,
      })),
    );
  }

  /**
   * Throws if a response to `METHOD path` is not documented: its status, media type or error code, or a body that does not match
   * the schema. What is not an operation of the document (the page, the live socket, other methods) is not checked.
   */
  check(request: string, response: SeenResponse): void {
    const [method = '', address = ''] = request.split(' ');
    const path = address.split('?')[0] ?? '';
    const operation = this.#find(method, path) ?? (method === 'HEAD' ? this.#find('GET', path) : undefined);
    if (!operation || response.status === 405) return;
    const where = `${operation.name} ${response.status}`;
    const documented: Json | undefined = operation.responses[String(response.status)];
    if (!documented) throw new Error(`${where} is not documented: ${response.text}`);
    if (method === 'HEAD') return;
    this.#checkBody(where, documented, response);
  }

  /** Finds the matching operation with the most literal segments. */
  #find(method: string, path: string): Operation | undefined {
    const segments = path.replace(/(?<=.)\/$/, '').split('/');
    return this.#operations
      .filter((operation) => operation.name.startsWith(`${method} `) && fits(operation.segments, segments))
      .toSorted((a, b) => a.name.split('{').length - b.name.split('{').length)[0];
  }

  #checkBody(where: string, documented: Json, { contentType, text }: SeenResponse): void {
    const content: Json = documented.content ?? {};
    const types = Object.keys(content);
    if (types.length === 0) {
      // Node never sends a body with 204 and 304.
      if (text !== '' && text !== 'null') throw new Error(`${where} has a body: ${text.slice(0, 500)}`);
      return;
    }
    const type = contentType?.split(';')[0] ?? '';
    const media: Json | undefined = content[type] ?? content['*/*'];
    if (!media) throw new Error(`${where} answers ${type}, not ${types.join()}`);
    if (type === 'application/json' && content[type]) this.#checkJson(where, documented, media, text);
  }

  #checkJson(where: string, documented: Json, media: Json, text: string): void {
    const body = JSON.parse(text);
    const fit = this.#schemaFor(media.schema).safeParse(body);
    if (!fit.success) throw new Error(`${where} does not fit its schema: ${fit.error.message}\n${text}`);
    const code: unknown = body.error?.code;
    if (!namesCode(documented.description, code)) throw new Error(`${where} has no code ${code}: ${text}`);
  }

  #schemaFor(schema: Json): z.ZodType {
    const key = JSON.stringify(schema);
    const known = this.#schemas.get(key);
    if (known) return known;
    const parser = z.fromJSONSchema({ ...toDefinitions(schema), $defs: this.#definitions });
    this.#schemas.set(key, parser);
    return parser;
  }
}

/** True if a description lists this error code, or none at all. */
function namesCode(description: string, code: unknown): boolean {
  return !/`[A-Z_]+`: /.test(description) || description.includes(`\`${code}\`: `);
}

/** A self-contained JSON Schema: referenced parts are in `$defs`. */
function toDefinitions(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"#/$defs/'));
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
  );
}
