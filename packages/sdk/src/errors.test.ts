import { describe, expect, it } from 'vitest';
import { parseRetryAfter, readErrorResponse } from './errors.ts';

describe('parseRetryAfter', () => {
  it.each([
    ['7', 7000],
    ['1.5', 1500],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['soon', null],
    [null, null],
  ])('reads %s', (value, expected) => {
    expect(parseRetryAfter(value, 10_000)).toBe(expected);
  });
});

describe('readErrorResponse', () => {
  it('reads the envelope of the server', async () => {
    const body = {
      error: { code: 'TASK_NOT_FOUND', message: 'No task.', details: { a: 1 } },
      request_id: 'r1',
    };

    const error = await readErrorResponse(new Response(JSON.stringify(body), { status: 404 }), 0);

    expect([error.code, error.status, error.requestId, error.details, error.message]).toEqual([
      'TASK_NOT_FOUND',
      404,
      'r1',
      { a: 1 },
      'No task.',
    ]);
  });

  it('names the page of a proxy by its status', async () => {
    const error = await readErrorResponse(new Response('<html>Bad gateway</html>', { status: 502 }), 0);

    expect([error.code, error.status, error.details]).toEqual([
      'UNAVAILABLE',
      502,
      { body: '<html>Bad gateway</html>' },
    ]);
  });
});
