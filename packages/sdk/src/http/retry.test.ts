import { describe, expect, it } from 'vitest';
import { ComfleetError } from '../errors.ts';
import { chooseRetryDelay, DEFAULT_RETRY } from './retry.ts';

const ask = (error: ComfleetError, over: { tries?: number; repeatable?: boolean } = {}) =>
  chooseRetryDelay({ error, tries: 1, repeatable: true, fraction: 0, ...over }, DEFAULT_RETRY);

describe('chooseRetryDelay', () => {
  it.each([
    ['a network failure of a repeatable call', new ComfleetError('UNREACHABLE', ''), true, 125],
    ['a network failure of any other call', new ComfleetError('UNREACHABLE', ''), false, null],
    ['a time-out of a repeatable call', new ComfleetError('TIMED_OUT', ''), true, 125],
    ['a proxy that lost the server', new ComfleetError('UNAVAILABLE', '', { status: 502 }), false, null],
    ['a refusal with 503', new ComfleetError('UNAVAILABLE', '', { status: 503 }), false, 125],
    [
      'a refusal with 429 and a time',
      new ComfleetError('RATE_LIMITED', '', { status: 429, retryAfterMs: 3000 }),
      false,
      3000,
    ],
    [
      'a wait beyond the limit',
      new ComfleetError('RATE_LIMITED', '', { status: 429, retryAfterMs: 61_000 }),
      true,
      null,
    ],
    ['an error of the server', new ComfleetError('INTERNAL', '', { status: 500 }), true, null],
    ['a fault of the caller', new ComfleetError('INVALID_REQUEST', '', { status: 400 }), true, null],
  ])('answers %s', (_name, error, repeatable, expected) => {
    expect(ask(error, { repeatable })).toBe(expected);
  });

  it('doubles the wait and stops after the last retry', () => {
    const error = new ComfleetError('UNREACHABLE', '');

    expect([1, 2, 3, 4, 5].map((tries) => ask(error, { tries }))).toEqual([125, 250, 500, 1000, null]);
  });
});
