import { formatText, type Placement } from '@comfleet/contract';
import { TASK_TEXTS } from '@comfleet/contract/texts/tasks';
import { expect, test } from 'vitest';
import { describeWait } from './describe-wait.ts';

type Waiting = NonNullable<Placement['waiting']>;

const WAITING: Waiting = {
  held_reason: null,
  queue_position: 0,
  task_type_full: false,
  overtaken: 0,
  overtaken_limit: 4,
  passed_seconds: null,
  workers: [],
};

function answer(reason: Waiting['workers'][number]['reason'], missing: string | null = null) {
  return { worker_id: 'w', name: 'w', load: 0, slots: 1, hot: false, reason, missing };
}

test('workers that say the same are counted together', () => {
  const workers = [
    answer('model', 'a.ckpt'),
    answer('model', 'b.ckpt'),
    answer('model', 'a.ckpt'),
    answer(null),
  ];
  const text = describeWait({ ...WAITING, workers });
  expect(formatText(TASK_TEXTS, 'en', text)).toBe(
    'Of 4 workers: lacks the model: a.ckpt (2), lacks the model: b.ckpt (1), could take it: waits for its turn (1).',
  );
  expect(formatText(TASK_TEXTS, 'zh-CN', text)).toBe(
    '共 4 个工作节点：缺少模型：a.ckpt（2 个）、缺少模型：b.ckpt（1 个）、可以执行，正在排队（1 个）。',
  );
});

test.each([
  ['an empty fleet', {}, 'The fleet has no workers.'],
  [
    'a task type that is full',
    { task_type_full: true, workers: [answer('full')] },
    'Its task type has as many tasks running as it may.',
  ],
])('%s is said before anything about workers', (_, waiting, sentence) => {
  expect(formatText(TASK_TEXTS, 'en', describeWait({ ...WAITING, ...waiting }))).toBe(sentence);
});
