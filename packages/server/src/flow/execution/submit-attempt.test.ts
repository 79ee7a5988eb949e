import { ComfyError } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import { classifySubmission } from './submit-attempt.ts';

const cause = new ComfyError('RESET', 'the connection broke');

test('an unclear POST to a worker that stays silent is followed, not sent elsewhere: it may run there', () => {
  expect(classifySubmission({ kind: 'unreachable', cause })).toEqual({
    kind: 'submitted',
    nodeErrors: null,
  });
});

test('an unclear POST that the worker says it does not have goes elsewhere, and is watched for: it may land late', () => {
  expect(classifySubmission({ kind: 'absent', cause })).toMatchObject({
    kind: 'over',
    mayLand: true,
    result: { ending: 'lost', error: { code: 'WORKER_UNREACHABLE', details: { dispatched: false } } },
  });
});

test('TD5 a worker that answers with an error of its own and has no prompt has read it: nothing can land late', () => {
  const details = { status: 500, bodyText: '500 Internal Server Error\n\nServer got itself in trouble\n' };
  const answered = new ComfyError('BAD_STATUS', 'POST /prompt answered 500', { details });

  expect(classifySubmission({ kind: 'absent', cause: answered })).toMatchObject({
    kind: 'over',
    mayLand: false,
    result: {
      ending: 'refused',
      avoidWorker: true,
      error: {
        code: 'SUBMIT_FAILED',
        details: {
          status: 500,
          message: 'POST /prompt answered 500: 500 Internal Server Error Server got itself in trouble',
        },
      },
    },
  });
});

test.each([502, 503, 504])('a response %i of a proxy says nothing about its worker', (status) => {
  const answered = new ComfyError('BAD_STATUS', `POST /prompt answered ${status}`, { details: { status } });
  expect(classifySubmission({ kind: 'absent', cause: answered })).toMatchObject({
    mayLand: true,
    result: { error: { code: 'WORKER_UNREACHABLE' } },
  });
});

test('HR8 a POST that no server took is recognised: nothing was sent', () => {
  expect(classifySubmission({ kind: 'not_sent', cause })).toMatchObject({
    kind: 'over',
    mayLand: false,
    result: { error: { code: 'WORKER_UNREACHABLE', details: { dispatched: false, refused: true } } },
  });
});

test('a worker that takes a part says which, one that takes all says none, and a lost answer says nothing', () => {
  const partial = { kind: 'partial' as const, nodeErrors: { '4': {} } };
  expect(classifySubmission(partial)).toEqual({ kind: 'submitted', nodeErrors: { '4': {} } });
  expect(classifySubmission({ kind: 'accepted' })).toEqual({ kind: 'submitted', nodeErrors: {} });
  expect(classifySubmission({ kind: 'found' })).toEqual({ kind: 'submitted', nodeErrors: null });
});

test.each([302, 401, 403, 404, 429])(
  'a POST that a proxy refuses with %i was not received: no attempt is used up',
  (status) => {
    const error = { type: `http_${status}`, message: '', details: '', extraInfo: {} };
    expect(classifySubmission({ kind: 'refused', status, error, nodeErrors: null })).toMatchObject({
      mayLand: false,
      result: {
        ending: 'lost',
        error: {
          code: 'WORKER_UNREACHABLE',
          details: { cause: `POST /prompt answered ${status}`, refused: true },
        },
      },
    });
  },
);
