import { expect, test } from 'vitest';
import { shortenError } from './short-error.ts';

test('an error is kept short without what tells causes apart, also inside of another', () => {
  const last = {
    code: 'NODE_EXECUTION_ERROR' as const,
    message: 'm',
    details: { message: 'x'.repeat(5000), traceback: 'long', dispatched: true, started: false },
  };
  const short = shortenError({
    code: 'ATTEMPTS_EXHAUSTED',
    message: 'm',
    details: { attempts: 4, last_error: last },
  });
  expect(short.details).toEqual({
    attempts: 4,
    last_error: {
      code: 'NODE_EXECUTION_ERROR',
      message: 'm',
      details: { message: `${'x'.repeat(2048)} … (cut: 3.0 kB more)`, dispatched: true, started: false },
    },
  });
});

test('what a refusal lists is cut', () => {
  const node_errors = Object.fromEntries(
    Array.from({ length: 1000 }, (_, at) => [at, { errors: [{ message: 'no' }] }]),
  );
  const short = shortenError({ code: 'PROMPT_REFUSED', message: 'm', details: { status: 400, node_errors } });
  expect(short.details?.status).toBe(400);
  expect(JSON.stringify(short).length).toBeLessThan(3000);
});
