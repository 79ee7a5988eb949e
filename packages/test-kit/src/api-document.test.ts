import { expect, test } from 'vitest';
import { ApiDocument } from './api-document.ts';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const document = new ApiDocument({
  paths: {
    '/things/{id}': {
      get: {
        responses: {
          200: { description: 'OK', ...json({ $ref: '#/components/schemas/Thing' }) },
          404: { description: '`THING_NOT_FOUND`: No such thing.', ...json({ type: 'object' }) },
        },
      },
      delete: { responses: { 204: { description: 'Deleted.' } } },
    },
    '/things/all': { get: { responses: { 200: { description: 'OK', content: { 'text/plain': {} } } } } },
  },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        properties: { size: { type: 'integer' } },
        required: ['size'],
        additionalProperties: false,
      },
    },
  },
});

function check(request: string, status: number, body: unknown, contentType = 'application/json'): () => void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return () => document.check(request, { status, contentType: `${contentType}; charset=utf-8`, text });
}

test('an answer is held against status, media type, schema and code of its operation', () => {
  expect(check('GET /things/1?x=1', 200, { size: 1 })).not.toThrow();
  expect(check('GET /things/1', 500, {})).toThrow('GET /things/{id} 500 is not documented');
  expect(check('GET /things/1', 200, { size: 'big' })).toThrow('does not fit its schema');
  expect(check('GET /things/1', 200, { size: 1, colour: 'red' })).toThrow('does not fit its schema');
  expect(check('GET /things/1', 200, 'big', 'text/plain')).toThrow(
    'answers text/plain, not application/json',
  );
  expect(check('GET /things/1', 404, { error: { code: 'THING_NOT_FOUND' } })).not.toThrow();
  expect(check('GET /things/1', 404, { error: { code: 'OTHER' } })).toThrow('has no code OTHER');
  expect(check('DELETE /things/1', 204, '')).not.toThrow();
  expect(check('DELETE /things/1', 204, { size: 1 })).toThrow('has a body');
});

test('a literal address goes before one with a parameter; HEAD is checked as GET without a body', () => {
  expect(check('GET /things/all', 200, 'a list', 'text/plain')).not.toThrow();
  expect(check('HEAD /things/1', 200, '')).not.toThrow();
  expect(check('HEAD /things/1', 500, '')).toThrow('is not documented');
});

test('what is not an operation of the document is not checked', () => {
  expect(check('GET /client/', 200, '<!doctype html>', 'text/html')).not.toThrow();
  expect(check('PUT /things/1', 405, {})).not.toThrow();
});
