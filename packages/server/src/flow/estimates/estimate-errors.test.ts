import { expect, test } from 'vitest';
import { EstimateErrors } from './estimate-errors.ts';

const RUN = { workflow: 'w', taskType: 't', acceptedMs: 0, startedMs: 6000, endedMs: 10_000 };

test('TQ15 the error of an estimate is its distance from what it took, by what it took', () => {
  const errors = new EstimateErrors();
  errors.record(RUN, { expected_ms: 5000, expected_end_ms: 12_000 });

  expect(errors.list()).toEqual([
    {
      workflow: 'w',
      task_type: 't',
      run_time: { samples: 1, median_error_ratio: 0.25, p90_error_ratio: 0.25 },
      end_time: { samples: 1, median_error_ratio: 0.2, p90_error_ratio: 0.2 },
    },
  ]);
});

test('a task of which nothing was expected is no sample', () => {
  const errors = new EstimateErrors();
  errors.record(RUN, { expected_ms: null, expected_end_ms: null });
  errors.record(RUN, {});

  expect(errors.list()).toEqual([]);
});

test('median and 90 % are of the newest 200 runs', () => {
  const errors = new EstimateErrors();
  for (let number = 0; number < 100; number += 1) errors.record(RUN, { expected_ms: 400_000 });
  for (let number = 0; number < 200; number += 1)
    errors.record(RUN, { expected_ms: number < 150 ? 4400 : 8000 });

  expect(errors.list()[0]?.run_time).toEqual({ samples: 200, median_error_ratio: 0.1, p90_error_ratio: 1 });
});

test('workflows are distinguished, and graphs without one by their task type', () => {
  const errors = new EstimateErrors();
  for (const workflow of ['a', 'b', null, null]) errors.record({ ...RUN, workflow }, { expected_ms: 4000 });

  expect(errors.list().map(({ workflow, run_time }) => [workflow, run_time?.samples])).toEqual([
    ['a', 1],
    ['b', 1],
    [null, 2],
  ]);
});
