import { ComfyError } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import { judgeSubmission } from './submit-attempt.ts';

const SOME = { allOrNothing: false };
const cause = new ComfyError('RESET', 'the connection broke');

test('an unclear POST to a worker that stays silent is followed, not sent elsewhere: it may run there', () => {
  expect(judgeSubmission({ kind: 'unreachable', cause }, SOME)).toEqual({
    kind: 'submitted',
    nodeErrors: null,
  });
});

test('an unclear POST that the worker says it does not have goes elsewhere, and is watched for: it may land late', () => {
  expect(judgeSubmission({ kind: 'absent', cause }, SOME)).toMatchObject({
    kind: 'over',
    mayLand: true,
    result: { ending: 'lost', error: { code: 'WORKER_UNREACHABLE', details: { dispatched: false } } },
  });
});

test('HR8 a POST that nobody took is told apart: nothing was sent', () => {
  expect(judgeSubmission({ kind: 'not_sent', cause }, SOME)).toMatchObject({
    kind: 'over',
    mayLand: false,
    result: { error: { code: 'WORKER_UNREACHABLE', details: { dispatched: false, refused: true } } },
  });
});

test('a worker that takes a part of the graph runs it, unless all or nothing was asked for', () => {
  const partial = { kind: 'partial' as const, nodeErrors: { '4': {} } };
  expect(judgeSubmission(partial, SOME)).toEqual({ kind: 'submitted', nodeErrors: { '4': {} } });
  expect(judgeSubmission(partial, { allOrNothing: true })).toMatchObject({
    kind: 'over',
    result: { ending: 'refused', error: { code: 'PROMPT_REFUSED', details: { partial: true } } },
  });
});
