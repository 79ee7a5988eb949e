import type { Json } from '@comfleet/test-kit/server';

/** Names of a schema's properties, including nested ones: `tasks[].updates[].value`. */
function listProperties(document: Json, schema: Json, before = ''): string[] {
  const found = resolve(document, schema);
  const inner = [...(found.anyOf ?? []), ...(found.oneOf ?? []), ...(found.allOf ?? [])];
  const own = Object.entries<Json>(found.properties ?? {}).flatMap(([name, property]) => {
    const path = before === '' ? name : `${before}.${name}`;
    return [path, ...listProperties(document, property, path)];
  });
  const items = found.items ? listProperties(document, found.items, `${before}[]`) : [];
  return [...own, ...items, ...inner.flatMap((one: Json) => listProperties(document, one, before))];
}

function resolve(document: Json, part: Json): Json {
  if (typeof part.$ref !== 'string') return part;
  const names = part.$ref.slice(2).split('/');
  return names.reduce<Json>((at, name) => at[name], document);
}

/** Every operation of an OpenAPI document with the names of its request fields, except path parameters. */
export function listFields(document: Json): { operation: string; fields: string[] }[] {
  return Object.entries<Json>(document.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item).map(([method, operation]) => {
      const parameters = (operation.parameters ?? []).map((one: Json) => resolve(document, one));
      const parameterFields = parameters
        .filter((one: Json) => one.in !== 'path')
        .map((one: Json) => `${one.in}.${one.name.toLowerCase()}`);
      const media = Object.values<Json>(operation.requestBody?.content ?? {});
      const bodyFields = media.flatMap(({ schema }) =>
        listProperties(document, schema).map((name) => `body.${name}`),
      );
      return {
        operation: `${method.toUpperCase()} ${path}`,
        fields: [...parameterFields, ...bodyFields].sort(),
      };
    }),
  );
}
