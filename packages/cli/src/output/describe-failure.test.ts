import type { RecordedError } from '@comfleet/contract';
import { describe, expect, it } from 'vitest';
import { describeFailure } from './describe-failure.ts';

const failed: RecordedError = {
  code: 'NODE_EXECUTION_ERROR',
  message: 'A node of the graph failed.',
  details: {
    node_id: '2',
    class_type: 'TestSyncError',
    exception_type: 'RuntimeError',
    message: 'Intentional sync execution error for testing',
    traceback: 'File "nodes.py"',
  },
};

describe('why a task failed', () => {
  it('TD11 a failed node is named with its class and the message, without the traceback', () => {
    expect(describeFailure(failed)).toEqual([
      'node 2 (TestSyncError): RuntimeError: Intentional sync execution error for testing',
    ]);
  });

  it('TD11 exhausted attempts tell the last error', () => {
    const exhausted = {
      code: 'ATTEMPTS_EXHAUSTED',
      message: 'All failed.',
      details: { attempts: 4, last_error: failed },
    };
    expect(describeFailure(exhausted)).toEqual([
      'NODE_EXECUTION_ERROR A node of the graph failed.',
      'node 2 (TestSyncError): RuntimeError: Intentional sync execution error for testing',
    ]);
  });

  it('TD11 a refusal is told per node and input', () => {
    const details = {
      node_errors: { '4': { errors: [{ message: 'Value not in list', input_name: 'ckpt_name' }] } },
    };
    expect(describeFailure({ code: 'PROMPT_REFUSED', message: 'Refused.', details })).toEqual([
      'node 4.ckpt_name: Value not in list',
    ]);
  });

  it.each<[RecordedError | null, string[]]>([
    [null, []],
    [{ code: 'PROMPT_LOST', message: 'Lost.', details: { reason: 'absent' } }, []],
    [
      { code: 'OUTPUT_REFUSED', message: 'Refused.', details: { message: 'Left out: a.png.' } },
      ['Left out: a.png.'],
    ],
  ])('%j has the lines %j', (error, lines) => {
    expect(describeFailure(error)).toEqual(lines);
  });
});
