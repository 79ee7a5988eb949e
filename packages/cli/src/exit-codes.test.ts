import type { TaskDetail } from '@comfleet/contract';
import { ComfleetError, TaskEndedError } from '@comfleet/sdk';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodeOfTask, UsageError } from './exit-codes.ts';

function ended(status: string, code: string): TaskEndedError {
  return new TaskEndedError({
    status,
    message: '',
    error: { code, message: '', details: null },
  } as TaskDetail);
}

describe('exitCodeOf', () => {
  it.each([
    ['a mistake in the command line', new UsageError({ code: 'usage.decide', params: {} }), 2],
    ['no answer', new ComfleetError('UNREACHABLE', ''), 3],
    ['no answer in time', new ComfleetError('TIMED_OUT', ''), 3],
    ['a refused token', new ComfleetError('UNAUTHORIZED', '', { status: 401 }), 4],
    ['something not allowed', new ComfleetError('GRAPH_NOT_GRANTED', '', { status: 403 }), 4],
    ['an unknown task', new ComfleetError('TASK_NOT_FOUND', '', { status: 404 }), 5],
    ['refused parameters', new ComfleetError('INVALID_PARAMETERS', '', { status: 422 }), 2],
    ['a refused graph', new ComfleetError('INVALID_WORKFLOW', '', { status: 422 }), 1],
    ['a configuration that is not valid', Object.assign(new Error(''), { code: 'CONFIG_INVALID' }), 78],
    ['a failed task', ended('failed', 'NODE_EXECUTION_ERROR'), 1],
    ['a task beyond its time', ended('failed', 'EXECUTION_TIMEOUT'), 6],
    ['a canceled task', ended('canceled', 'CANCELED'), 6],
    ['anything else', new Error('x'), 1],
  ])('answers %s', (_name, error, expected) => {
    expect(exitCodeOf(error)).toBe(expected);
  });

  it('answers a task that succeeded with 0', () => {
    expect(exitCodeOfTask('succeeded', null)).toBe(0);
  });
});
