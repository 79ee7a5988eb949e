import { toTaskSentence } from '@comfleet/contract/texts/tasks';
import { expect, test } from 'vitest';
import { type DescribedTask, describeTask } from './describe-task.ts';

const QUEUED: DescribedTask = {
  state: 'queued',
  held_reason: null,
  cancel_requested_at: null,
  ended_at: null,
  error: null,
};
const FAILED = { ...QUEUED, state: 'failed', ended_at: 1 } as const;
const toError = (code: string) => JSON.stringify({ code, message: 'as it was then', details: null });

test.each<[string, Partial<DescribedTask>, number | null, object, string]>([
  ['waits', {}, 2, { code: 'task.ahead', params: { ahead: 2 } }, 'Waiting: 2 ahead.'],
  ['waits, its place unknown', {}, null, { code: 'task.waiting', params: {} }, 'Waiting.'],
  [
    'is held',
    { state: 'held', held_reason: 'batch_paused' },
    null,
    { code: 'held.batch_paused', params: {} },
    'Waiting: its batch is paused.',
  ],
  [
    'waits for a decision',
    { state: 'held', held_reason: 'needs_decision', error: toError('PROMPT_LOST') },
    null,
    { code: 'held.needs_decision', params: { cause: { code: 'PROMPT_LOST', params: {} } } },
    'Waiting for a decision: it has paid nodes, was sent, and may have been paid for. The worker forgot the prompt (restarted, or its queue was cleared).',
  ],
  [
    'is to be canceled',
    { state: 'running', cancel_requested_at: 1 },
    null,
    { code: 'task.canceling', params: {} },
    'Canceling.',
  ],
  [
    'was canceled',
    { state: 'canceled', cancel_requested_at: 1, ended_at: 2 },
    null,
    { code: 'task.canceled', params: {} },
    'Canceled.',
  ],
])('TQ1 a task that %s is described by a code and by its English', (_, task, position, text, sentence) => {
  const described = describeTask({ ...QUEUED, ...task }, position);
  expect(described).toEqual(text);
  expect(toTaskSentence(described)).toBe(sentence);
});

test.each<[string, object | null, string]>([
  ['OUT_OF_MEMORY', null, 'The worker ran out of GPU memory; use a smaller size or a larger GPU.'],
  ['OF_ANOTHER_VERSION', null, 'as it was then'],
  [
    'NODE_EXECUTION_ERROR',
    { node_id: '2', class_type: 'Boom', exception_type: 'ValueError', message: 'no' },
    'Node 2 (Boom): ValueError: no',
  ],
])('TD11 the error %s with the details %j is described as %j', (code, details, sentence) => {
  const error = JSON.stringify({ code, message: 'as it was then', details });
  expect(toTaskSentence(describeTask({ ...FAILED, error }, null))).toBe(sentence);
});

test('a failure without an error, of an older version, is described as one', () => {
  expect(describeTask(FAILED, null)).toEqual({ code: 'task.failed', params: {} });
});
