import { expect, test } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { serializeError } from './serialize-error.ts';

test('keeps name, message, code, stack and cause', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8188'), { code: 'ECONNREFUSED' });
  const error = new TypeError('fetch failed', { cause: refused });

  expect(serializeError(error)).toEqual({
    name: 'TypeError',
    message: 'fetch failed',
    stack: expect.stringContaining('serialize-error.test.ts'),
    cause: {
      name: 'Error',
      message: 'connect ECONNREFUSED 127.0.0.1:8188',
      code: 'ECONNREFUSED',
      stack: expect.any(String),
    },
  });
});

test('keeps code and details of our own errors, and a cause that is no error', () => {
  expect(serializeError(new AppError('STORAGE_FULL', { reason: 'ENOSPC' }, { cause: 'disk' }))).toMatchObject(
    {
      name: 'AppError',
      code: 'STORAGE_FULL',
      details: { reason: 'ENOSPC' },
      cause: 'disk',
    },
  );
});

test('keeps the first of the errors gathered in one', () => {
  const four = [1, 2, 3, 4].map((number) => new Error(`address ${number}`));

  expect(
    serializeError(new AggregateError(four, 'none answered')).errors?.map(({ message }) => message),
  ).toEqual(['address 1', 'address 2', 'address 3']);
});

test.each([
  ['Authorization: Bearer abcdef123456', 'Authorization: Bearer [hidden]'],
  ['connect postgres://ann:pa55word@db:5432/x', 'connect postgres://[hidden]@db:5432/x'],
  ['GET /client?token=abc&x=1', 'GET /client?token=[hidden]&x=1'],
  ['open http://host/client#code=12345', 'open http://host/client#code=[hidden]'],
  ['token cft_0123456789abcdef is unknown', 'token [hidden] is unknown'],
  ['a token is missing', 'a token is missing'],
])('hides what a message quotes: %s', (message, expected) => {
  const logged = serializeError(new Error(message));

  expect(logged.message).toBe(expected);
  expect(logged.stack?.split('\n')[0]).toBe(`Error: ${expected}`);
});

test('is bounded, however long the texts and the chain, or when an error is its own cause', () => {
  let error = new Error('x'.repeat(100_000));
  for (let depth = 0; depth < 50; depth += 1)
    error = new AggregateError([error, error], 'y'.repeat(100_000), { cause: error });
  const own = new Error('itself');
  own.cause = own;

  expect(JSON.stringify(serializeError(error)).length).toBeLessThan(100_000);
  expect(JSON.stringify(serializeError(own)).length).toBeLessThan(30_000);
});
