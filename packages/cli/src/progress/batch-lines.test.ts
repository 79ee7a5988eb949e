import type { StreamFrame, Task } from '@comfleet/contract';
import { describe, expect, it } from 'vitest';
import { chooseTexts } from '../texts/cli-texts.ts';
import { BatchLines, type BatchPlan } from './batch-lines.ts';

const PLAN: BatchPlan = {
  texts: chooseTexts('en'),
  medium: 'image',
  descriptions: 2,
  copies: 2,
  taskIds: ['a', 'b', 'c', 'd'],
};

function show(taskId: string, status: Task['status'], over: Partial<Task> = {}): StreamFrame {
  const task = { task_id: taskId, status, error: null, duration_seconds: null, message: '', ...over };
  return { kind: 'snapshot', task: task as Task };
}

describe('BatchLines', () => {
  it('BG2 announces each item once, by its place', () => {
    const lines = new BatchLines(PLAN);

    expect([...lines.take(show('c', 'running'), 0), ...lines.take(show('c', 'running'), 1)]).toEqual([
      '[3/4] description 2/2, image 1/2',
    ]);
  });

  it('BG2 announces in the Chinese of v1, images and videos', () => {
    const chinese = { ...PLAN, texts: chooseTexts('zh-CN') };

    expect(new BatchLines(chinese).take(show('b', 'running'), 0)).toEqual([
      '[2/4] 为描述 1/2，生成第 2/2 张图片',
    ]);
    expect(new BatchLines({ ...chinese, medium: 'video' }).take(show('a', 'running'), 0)).toEqual([
      '[1/4] 为描述 1/2，生成第 1/2 个视频',
    ]);
  });

  it('BG3 tells the time of each item with two decimals', () => {
    const lines = new BatchLines(PLAN);
    lines.take(show('a', 'running'), 1000);

    expect(lines.take(show('a', 'succeeded', { duration_seconds: 8.5 }), 9999)).toEqual([
      '✓ [1/4] finished (8.50 s)',
    ]);
    expect(lines.take(show('a', 'succeeded', { duration_seconds: 8.5 }), 9999)).toEqual([]);
  });

  it('BG4 tells a failure and goes on', () => {
    const lines = new BatchLines(PLAN);
    const error = { code: 'OUT_OF_MEMORY', message: 'No memory.', details: null };

    expect(lines.take(show('a', 'failed', { error }), 0)).toEqual([
      '[1/4] description 1/2, image 1/2',
      '✗ [1/4] failed: OUT_OF_MEMORY No memory.',
    ]);
    expect(lines.take(show('b', 'running'), 0)).toEqual(['[2/4] description 1/2, image 2/2']);
  });

  it('passes over tasks that are not of the batch', () => {
    expect(new BatchLines(PLAN).take(show('z', 'running'), 0)).toEqual([]);
  });
});
