import { ATTEMPT_ENDINGS, ERRORS, type ErrorCode } from '@comfleet/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { NO_HISTORY } from './attempt-history.ts';
import {
  type AttemptedTask,
  type AttemptResult,
  decideNextStep,
  endAttempt,
  type RetryPolicy,
} from './ending.ts';

const POLICY: RetryPolicy = { baseDelayMs: 1000, maxDelayMs: 60_000, maxDeaths: 2, random: () => 1 };
const FIRST: AttemptedTask = {
  attemptCount: 1,
  maxAttempts: 4,
  workerId: named('one'),
  history: NO_HISTORY,
  cancelRequested: false,
  hasOtherWorker: true,
  mustAsk: false,
};

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('after an attempt', () => {
  test('a success makes the task succeed', () => {
    expect(decideNextStep(FIRST, { ending: 'succeeded' }, POLICY)).toEqual({ kind: 'succeed' });
  });

  test('an acknowledged cancel wins over every ending, success included', () => {
    const canceling = { ...FIRST, cancelRequested: true };

    expect(decideNextStep(canceling, { ending: 'succeeded' }, POLICY)).toEqual({ kind: 'cancel' });
    expect(decideNextStep(canceling, endAttempt('failed', 'OUT_OF_MEMORY'), POLICY)).toEqual({
      kind: 'cancel',
    });
  });

  test('TQ9 an error that trying again cannot cure fails the task at once with its own code', () => {
    const step = decideNextStep(
      FIRST,
      endAttempt('failed', 'NODE_EXECUTION_ERROR', { node_id: '7' }),
      POLICY,
    );

    expect(step).toMatchObject({
      kind: 'fail',
      error: { code: 'NODE_EXECUTION_ERROR', details: { node_id: '7' } },
    });
  });

  test.each<[ErrorCode, boolean]>([
    ['OUT_OF_MEMORY', true],
    ['WORKER_UNREACHABLE', true],
    ['HISTORY_INCOMPLETE', true],
    ['PROMPT_LOST', false],
    ['OUTPUT_GONE', false],
  ])('TQ9 %s is tried again; on another worker: %s', (code, avoidWorker) => {
    expect(decideNextStep(FIRST, endAttempt('failed', code), POLICY)).toMatchObject({
      kind: 'retry',
      avoidWorker,
    });
  });

  test('TD5 a prompt whose two POSTs got a server error is over, with that response', () => {
    const result = endAttempt('refused', 'SUBMIT_FAILED', { status: 500 });
    const again = { ...FIRST, attemptCount: 2, history: { ...NO_HISTORY, causes: { not_taken: 1 } } };
    const paid = { ...FIRST, mustAsk: true };

    expect(decideNextStep(FIRST, result, POLICY)).toMatchObject({ kind: 'retry', avoidWorker: true });
    expect(decideNextStep(paid, result, POLICY)).toMatchObject({ kind: 'retry' });
    expect(decideNextStep(again, result, POLICY)).toMatchObject({
      kind: 'fail',
      error: { code: 'SUBMIT_FAILED', details: { status: 500 } },
    });
  });

  test('an attempt that our own death kept from being sent does not count, and its task waits again', () => {
    const last = { ...FIRST, attemptCount: 1, maxAttempts: 1 };

    expect(decideNextStep(last, endAttempt('lost', 'PROMPT_LOST', { dispatched: false }), POLICY)).toEqual({
      kind: 'requeue',
    });
    expect(decideNextStep(last, endAttempt('lost', 'PROMPT_LOST'), POLICY)).toMatchObject({ kind: 'fail' });
  });

  test('TQ8 waits grow twofold up to the cap', () => {
    const waits = [1, 2, 3, 6, 7, 8].map((attemptCount) =>
      decideNextStep({ ...FIRST, attemptCount, maxAttempts: 99 }, endAttempt('lost', 'PROMPT_LOST'), POLICY),
    );

    expect(waits.map((step) => step.kind === 'retry' && step.delayMs)).toEqual([
      1000, 2000, 4000, 32_000, 60_000, 60_000,
    ]);
  });

  test('the wait is random between zero and the ceiling, so that tasks that failed together do not come back together', () => {
    const step = decideNextStep(FIRST, endAttempt('lost', 'PROMPT_LOST'), { ...POLICY, random: () => 0.25 });

    expect(step).toMatchObject({ kind: 'retry', delayMs: 250 });
  });

  test('TQ8 the fourth failure is the last and keeps the error before', () => {
    const step = decideNextStep({ ...FIRST, attemptCount: 4 }, endAttempt('lost', 'PROMPT_LOST'), POLICY);

    expect(step).toMatchObject({
      kind: 'fail',
      error: { code: 'ATTEMPTS_EXHAUSTED', details: { attempts: 4, last_error: { code: 'PROMPT_LOST' } } },
    });
  });

  test('a task that was allowed one attempt fails with that attempt’s own error', () => {
    const step = decideNextStep({ ...FIRST, maxAttempts: 1 }, endAttempt('lost', 'PROMPT_LOST'), POLICY);

    expect(step).toMatchObject({ kind: 'fail', error: { code: 'PROMPT_LOST' } });
  });

  test('P9 two workers that died while they ran a task are enough, the same one twice is not', () => {
    const died = endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: true, started: true });
    const after = (workerId: string) => ({
      ...FIRST,
      attemptCount: 2,
      history: { ...NO_HISTORY, deadWorkers: new Set([workerId]) },
    });

    expect(decideNextStep(FIRST, died, POLICY).kind).toBe('retry');
    expect(decideNextStep(after('one'), died, POLICY).kind).toBe('retry');
    expect(decideNextStep(after('another'), died, POLICY)).toMatchObject({
      kind: 'fail',
      error: { code: 'POISON_TASK', details: { last_error: { code: 'WORKER_UNREACHABLE' } } },
    });
  });

  test('a worker that was away, or died while the prompt only waited there, did not die of it', () => {
    const away = endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: false });
    const waited = endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: true, started: false });

    expect([away.workerDied, waited.workerDied]).toEqual([false, false]);
  });

  test('LB7 a task leaves a lost worker for another one at once', () => {
    const lost = endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: true, started: true });

    expect(decideNextStep(FIRST, lost, POLICY)).toEqual({
      kind: 'retry',
      delayMs: 0,
      avoidWorker: true,
      isBudgeted: false,
    });
    expect(decideNextStep({ ...FIRST, hasOtherWorker: false }, lost, POLICY)).toMatchObject({
      delayMs: 1000,
    });
  });

  test('HR8 a worker that refuses connections uses up no attempts, up to twenty times', () => {
    const refused = endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: false, refused: true });
    const after = (refusals: number) => ({
      ...FIRST,
      attemptCount: refusals + 1,
      maxAttempts: 1,
      history: { ...NO_HISTORY, causes: { not_heard: refusals } },
    });

    expect(decideNextStep(after(0), refused, POLICY).kind).toBe('retry');
    expect(decideNextStep(after(19), refused, POLICY).kind).toBe('retry');
    expect(decideNextStep(after(20), refused, POLICY).kind).toBe('fail');
  });

  test.each<[ErrorCode, AttemptedTask['history']['causes']]>([
    ['REMOVED_ON_WORKER', { removed: 1 }],
    ['PROMPT_INTERRUPTED', { interrupted: 1 }],
  ])('%s by a user is tried again once; the second time is final', (code, before) => {
    const ended = endAttempt('interrupted', code);
    const again = { ...FIRST, attemptCount: 2, history: { ...NO_HISTORY, causes: before } };

    expect(decideNextStep(FIRST, ended, POLICY).kind).toBe('retry');
    expect(decideNextStep(again, ended, POLICY)).toMatchObject({ kind: 'fail', error: { code } });
  });

  test.each<ErrorCode>(['OUTPUT_REFUSED', 'OUTPUT_INVALID', 'RESULT_TOO_LARGE'])(
    'TD5 %s comes the same way every time: the task fails at the first attempt, by that name',
    (code) => {
      const step = decideNextStep(FIRST, endAttempt('failed', code, { file: 'a.png' }), POLICY);

      expect(step).toMatchObject({ kind: 'fail', error: { code, details: { file: 'a.png' } } });
    },
  );

  test.each<[ErrorCode, AttemptedTask['history']['causes']]>([
    ['OUTPUT_GONE', { output_gone: 1 }],
    ['INTERNAL', { crashed: 1 }],
  ])('TD5 %s is tried exactly once more', (code, before) => {
    const again = { ...FIRST, attemptCount: 2, history: { ...NO_HISTORY, causes: before } };

    expect(decideNextStep(FIRST, endAttempt('failed', code), POLICY).kind).toBe('retry');
    expect(decideNextStep(again, endAttempt('failed', code), POLICY)).toMatchObject({
      kind: 'fail',
      error: { code },
    });
  });

  test.each<ErrorCode>(['COLLECT_FAILED', 'OUTPUT_GONE', 'WORKER_UNREACHABLE'])(
    'TD6 good files beside %s are delivered at the last attempt, and not before',
    (code) => {
      const result = { ...endAttempt('failed', code, { dispatched: true }), hasFiles: true };
      const last = { ...FIRST, attemptCount: 4 };

      expect(decideNextStep(FIRST, result, POLICY).kind).toBe('retry');
      expect(decideNextStep(last, result, POLICY)).toEqual({ kind: 'succeed' });
      expect(decideNextStep({ ...last, cancelRequested: true }, result, POLICY)).toEqual({ kind: 'cancel' });
      expect(decideNextStep(last, { ...result, hasFiles: false }, POLICY).kind).toBe('fail');
    },
  );

  test('TD6 good files beside one that is gone are delivered once it was asked for again', () => {
    const again = { ...FIRST, attemptCount: 2, history: { ...NO_HISTORY, causes: { output_gone: 1 } } };
    const result = { ...endAttempt('failed', 'OUTPUT_GONE'), hasFiles: true };

    expect(decideNextStep(again, result, POLICY)).toEqual({ kind: 'succeed' });
  });

  test('P10 what failed waits for the retry budget, what was lost does not', () => {
    const steps = (['OUT_OF_MEMORY', 'COLLECT_FAILED', 'PROMPT_LOST'] as const).map((code) =>
      decideNextStep(FIRST, endAttempt(code === 'PROMPT_LOST' ? 'lost' : 'failed', code), POLICY),
    );

    expect(steps.map((step) => step.kind === 'retry' && step.isBudgeted)).toEqual([true, true, false]);
  });

  test('P3 whatever happens there is a next step, and retries end', () => {
    const results = fc.record({
      ending: fc.constantFrom(...ATTEMPT_ENDINGS),
      code: fc.constantFrom(...CODES),
      dispatched: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(results, { minLength: 20, maxLength: 20 }), (ends) => {
        const task = { ...FIRST };
        const last = ends.find(({ ending, code, dispatched }) => {
          const result: AttemptResult =
            ending === 'succeeded' ? { ending } : endAttempt(ending, code, { dispatched });
          const step = decideNextStep(task, result, POLICY);
          task.attemptCount += 1;
          return step.kind !== 'retry';
        });
        expect(last).toBeDefined();
        expect(task.attemptCount - 1).toBeLessThanOrEqual(FIRST.maxAttempts);
      }),
    );
  });
});

describe('a task with paid nodes', () => {
  const PAID = { ...FIRST, mustAsk: true };
  const decide = (result: AttemptResult, task: AttemptedTask = PAID) => decideNextStep(task, result, POLICY);

  test.each<[ErrorCode, object]>([
    ['PROMPT_LOST', {}],
    ['WORKER_UNREACHABLE', { dispatched: true, started: true }],
    ['WORKER_UNREACHABLE', { dispatched: true, started: false }],
    ['WORKER_UNREACHABLE', { dispatched: false }],
    ['OUT_OF_MEMORY', {}],
    ['PROMPT_STALLED', {}],
    ['PROMPT_INTERRUPTED', {}],
    ['REMOVED_ON_WORKER', {}],
    ['HISTORY_INCOMPLETE', {}],
    ['COLLECT_FAILED', {}],
    ['OUTPUT_GONE', {}],
    ['WORKER_DISK_FULL', {}],
    ['INTERNAL', {}],
  ])('TD16 is asked about after %s %j, where any other would be sent again', (code, details) => {
    const result = endAttempt('lost', code, { ...details });

    expect(decide(result)).toEqual({ kind: 'ask', error: result.error, avoidWorker: result.avoidWorker });
    expect(decide(result, FIRST).kind).toBe('retry');
  });

  test.each<ErrorCode>(['COLLECT_FAILED', 'OUTPUT_GONE', 'WORKER_UNREACHABLE'])(
    'TD16 is not asked about after %s when it has good files: they are delivered, and nothing is paid again',
    (code) => {
      const result = { ...endAttempt('failed', code, { dispatched: true }), hasFiles: true };

      expect(decide(result)).toEqual({ kind: 'succeed' });
    },
  );

  test('TD16 is asked about when a worker accepted a part of it, though another one could take it', () => {
    expect(decide(endAttempt('refused', 'PROMPT_REFUSED', { partial: true })).kind).toBe('ask');
  });

  test.each<[string, AttemptResult]>([
    ['retry', endAttempt('refused', 'PROMPT_REFUSED', { status: 400 })],
    ['retry', endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: false, refused: true })],
    ['retry', endAttempt('lost', 'INPUT_UPLOAD_FAILED')],
    ['requeue', endAttempt('interrupted', 'PREEMPTED')],
    ['requeue', endAttempt('lost', 'PROMPT_LOST', { dispatched: false })],
  ])('TD16 continues without asking (%s) when it is certain that nothing of it ran', (kind, result) => {
    expect(decide(result).kind).toBe(kind);
  });

  test('TD16 ends where any other ends: canceled, certain, poisonous, out of attempts', () => {
    const lost = endAttempt('lost', 'PROMPT_LOST');
    const died = endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: true, started: true });

    expect(decide(lost, { ...PAID, cancelRequested: true })).toEqual({ kind: 'cancel' });
    expect(decide({ ending: 'succeeded' })).toEqual({ kind: 'succeed' });
    expect(decide(endAttempt('failed', 'NODE_EXECUTION_ERROR')).kind).toBe('fail');
    expect(decide(endAttempt('interrupted', 'EXECUTION_TIMEOUT')).kind).toBe('fail');
    expect(decide(lost, { ...PAID, attemptCount: 4 }).kind).toBe('fail');
    const poisonous = { ...PAID, history: { deadWorkers: new Set(['two']), causes: { died: 1 } } };
    expect(decide(died, poisonous)).toMatchObject({ kind: 'fail', error: { code: 'POISON_TASK' } });
  });

  test('TD16 is never sent again by itself, whatever error ends it, unless nothing ran', () => {
    for (const code of CODES)
      for (const ending of ['failed', 'lost', 'interrupted'] as const) {
        const step = decide(endAttempt(ending, code, { dispatched: true, started: false }));
        const unsent = [
          'PROMPT_REFUSED',
          'SUBMIT_FAILED',
          'INPUT_UPLOAD_FAILED',
          'PREEMPTED',
          'TAKEN_BACK',
        ].includes(code);
        expect([code, unsent || step.kind === 'ask' || step.kind === 'fail']).toEqual([code, true]);
      }
  });
});
