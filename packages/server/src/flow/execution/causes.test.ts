import { ERRORS, type RecordedError } from '@comfleet/contract';
import { describe, expect, test } from 'vitest';
import { CAUSES, type Cause, type CauseName, classifyCause, findCause } from './causes.ts';
import { renderCausesReference } from './causes-reference.ts';

/** `npx vitest run packages/server/src/flow/execution/causes -u` rewrites it. */
const REFERENCE = new URL('../../../../../docs/reference/outcomes.md', import.meta.url);

const ROWS: [string, Cause][] = Object.entries(CAUSES);

describe('the table of causes', () => {
  test('TD5 docs/reference/outcomes.md is what the table says', async () => {
    await expect(renderCausesReference()).toMatchFileSnapshot(REFERENCE.pathname);
  });

  test.each(ROWS)(
    'TD5 %s is tried again exactly where the registry of errors says it may be',
    (_name, row) => {
      const { retry } = ERRORS[row.code];

      expect(row.again === 'never').toBe(retry === 'never');
      expect(['elsewhere', 'only_elsewhere'].includes(row.again)).toBe(
        retry === 'other-worker' && row.again !== 'unsent',
      );
    },
  );

  test.each<[Pick<RecordedError, 'code' | 'details'>, CauseName]>([
    [{ code: 'WORKER_UNREACHABLE', details: { dispatched: false, refused: true } }, 'not_heard'],
    [{ code: 'WORKER_UNREACHABLE', details: { dispatched: false } }, 'not_arrived'],
    [{ code: 'WORKER_UNREACHABLE', details: { dispatched: true, started: false } }, 'left_waiting'],
    [{ code: 'WORKER_UNREACHABLE', details: { dispatched: true, started: true } }, 'died'],
    [{ code: 'PROMPT_LOST', details: { dispatched: false } }, 'never_sent'],
    [{ code: 'PROMPT_LOST', details: { reason: 'absent' } }, 'forgotten'],
    [{ code: 'PROMPT_REFUSED', details: null }, 'refused'],
    [{ code: 'SUBMIT_FAILED', details: { status: 500 } }, 'not_taken'],
    [{ code: 'OUTPUT_REFUSED', details: null }, 'output_refused'],
    [{ code: 'PREEMPTED', details: null }, 'preempted'],
    [{ code: 'TAKEN_BACK', details: null }, 'preempted'],
  ])('%j is %s', (error, name) => {
    expect(classifyCause(error)).toBe(name);
  });

  test('an error that no row names follows the registry; an unknown one is final', () => {
    expect(findCause({ code: 'UNAVAILABLE', details: null })).toEqual({ again: 'here', times: null });
    expect(findCause({ code: 'INVALID_WORKFLOW', details: null })).toEqual({ again: 'never', times: null });
    expect(findCause({ code: 'FROM_A_NEWER_PROGRAM', details: null })).toMatchObject({ again: 'never' });
  });
});
