import { ComfyError } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import { judgeSubmission } from './submit-attempt.ts';

const cause = new ComfyError('RESET', 'the connection broke');

test('an unclear POST to a worker that stays silent is followed, not sent elsewhere: it may run there', () => {
  expect(judgeSubmission({ kind: 'unreachable', cause })).toEqual({ kind: 'submitted' });
});

test('an unclear POST that the worker says it does not have goes elsewhere, and is watched for: it may land late', () => {
  expect(judgeSubmission({ kind: 'absent', cause })).toMatchObject({
    kind: 'over',
    mayLand: true,
    result: { ending: 'lost', error: { code: 'WORKER_UNREACHABLE', details: { dispatched: false } } },
  });
});

test('HR8 a POST that nobody took is told apart: nothing was sent', () => {
  expect(judgeSubmission({ kind: 'not_sent', cause })).toMatchObject({
    kind: 'over',
    mayLand: false,
    result: { error: { code: 'WORKER_UNREACHABLE', details: { dispatched: false, refused: true } } },
  });
});

test('half a result is a refusal', () => {
  expect(judgeSubmission({ kind: 'partial', nodeErrors: { '4': {} } })).toMatchObject({
    kind: 'over',
    result: { ending: 'refused', error: { code: 'PROMPT_REFUSED', details: { partial: true } } },
  });
});
