import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../../../test/kit/test-server.ts';

interface Operation {
  security: Record<string, string[]>[];
  responses: Record<string, { description: string; headers?: Record<string, unknown> }>;
  requestBody?: unknown;
}

let server: TestServer;
let document: { paths: Record<string, Record<string, Operation>> };
beforeAll(async () => {
  server = await openTestServer();
  document = (await server.app.inject('/openapi.json')).json();
});
afterAll(() => server.close());

function listOperations() {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

function listWith(isWanted: (found: ReturnType<typeof listOperations>[number]) => boolean): string[] {
  return listOperations()
    .filter(isWanted)
    .map(({ method, path }) => `${method} ${path}`);
}

test('ST7 the API document is a valid OpenAPI 3.1 document', async () => {
  const outcome = await new Validator().validate(structuredClone(document));
  expect([outcome.valid, outcome.errors]).toEqual([true, undefined]);
});

test('ST7 every route that wants a bearer says so, and no other one does', async () => {
  for (const { method, path, operation } of listOperations()) {
    const url = path.replace(/\{\w+\}/g, '01900000-0000-7000-8000-0000000000ff');
    const { statusCode } = await server.app.inject({ method: method as 'GET', url });
    const wantsBearer = operation.security.some((scheme) => Object.hasOwn(scheme, 'bearer'));
    const mayGoWithout = operation.security.some((scheme) => Object.keys(scheme).length === 0);
    expect([method, path, wantsBearer && !mayGoWithout]).toEqual([method, path, statusCode === 401]);
  }
});

test('what runs before the handlers is documented for each route', () => {
  const lacks = (...statuses: string[]) =>
    listWith(({ operation }) => statuses.some((status) => !Object.hasOwn(operation.responses, status)));
  expect(lacks('400', '408', '431', '500')).toEqual([]);
  const native = (path: string) => !/^\/api\/v2\/(jobs|assets)/.test(path);
  const takesBody = ({ method }: { method: string }) => !['GET', 'HEAD'].includes(method);
  expect(
    listWith(
      (found) => native(found.path) && takesBody(found) !== Object.hasOwn(found.operation.responses, '415'),
    ),
  ).toEqual([]);
  expect(
    listWith(({ path, operation }) => path.includes('{') && !Object.hasOwn(operation.responses, '404')),
  ).toEqual([]);
});

test('a temporary error says when to try again', () => {
  const silent = listWith(({ operation }) =>
    ['429', '503'].some((status) => {
      const answer = operation.responses[status];
      return answer?.description.startsWith('`') && !Object.hasOwn(answer.headers ?? {}, 'retry-after');
    }),
  );
  expect(silent).toEqual([]);
});

test('each error code of a route is documented with its meaning at its status', () => {
  const download = document.paths['/api/v2/tasks/{id}/download']?.get;
  expect(download?.responses['404']?.description).toBe(
    [
      '`ASSET_NOT_FOUND`: No file of yours has this id.',
      '`RESULT_NOT_FOUND`: The task has no result at this index.',
      '`TASK_NOT_FOUND`: No task of yours has this id.',
    ].join('\n\n'),
  );
});
