import { formatText, type Placement } from '@comfleet/contract';
import { TASK_TEXTS } from '@comfleet/contract/texts/tasks';
import { expect, test } from 'vitest';
import { describeAway, describeWait } from './describe-wait.ts';

type Waiting = NonNullable<Placement['waiting']>;

const WAITING: Waiting = {
  held_reason: null,
  queue_position: 0,
  task_type_full: false,
  full: null,
  overtaken: 0,
  overtaken_limit: 4,
  passed_seconds: null,
  workers: [],
};

function answer(reason: Waiting['workers'][number]['reason'], missing: string | null = null) {
  return { worker_id: 'w', name: 'w', load: 0, slots: 1, hot: false, reason, missing };
}

test('workers with the same reason are counted together', () => {
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

test('a task that only workers that are away can run says for which it waits', () => {
  const text = describeAway({ ...WAITING, workers: [answer('model', 'a.ckpt'), answer('offline')] });
  expect(text && formatText(TASK_TEXTS, 'en', text)).toBe(
    'No worker that is there can run it; it waits for w.',
  );
  expect(text && formatText(TASK_TEXTS, 'zh-CN', text)).toBe('当前可用的工作节点都无法执行，正在等待 w。');
});

test.each([
  ['another one is only full', [answer('model', 'a.ckpt'), answer('offline'), answer('full')]],
  ['none could ever', [answer('model', 'a.ckpt')]],
  ['all are away, which the counts say', [answer('offline'), answer('error')]],
])('it waits for no worker by name where %s', (_, workers) => {
  expect(describeAway({ ...WAITING, workers })).toBeNull();
});

test.each([
  ['an empty fleet', {}, 'The fleet has no workers.'],
  [
    'a task type that is full',
    { full: 'task_type' as const, workers: [answer('full')] },
    'Its task type has as many tasks running as it may.',
  ],
])('%s comes before anything about workers', (_, waiting, sentence) => {
  expect(formatText(TASK_TEXTS, 'en', describeWait({ ...WAITING, ...waiting }))).toBe(sentence);
});
