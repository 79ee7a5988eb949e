import type { Language, Progress, StreamFrame, Task, TaskEvent } from '@comfleet/contract';
import { describe, expect, it } from 'vitest';
import { chooseTexts } from '../texts/cli-texts.ts';
import { TaskLines } from './task-lines.ts';

function open(language: Language = 'en', showPercent = true): TaskLines {
  return new TaskLines('task-1', {
    texts: chooseTexts(language),
    startedAtMs: 10_000,
    followedAtMs: 10_000,
    silenceMs: 60_000,
    showPercent,
  });
}

function event(over: Partial<TaskEvent>): StreamFrame {
  const empty = {
    attempt_id: null,
    attempt_number: null,
    worker_id: null,
    prompt_id: null,
    held_reason: null,
  };
  const fixed = {
    task_id: 'task-1',
    number: 1,
    at: '',
    status: 'running',
    actor: 'system',
    error: null,
    details: null,
  };
  return { kind: 'event', event: { ...empty, ...fixed, ...over } as TaskEvent, task: null };
}

function progress(over: Partial<Progress>): StreamFrame {
  const empty = { value: 0, nodes_done: 0, nodes_total: 7, nodes_cached: 0, current_node: null };
  const rest = { current_node_class: null, step: null, steps: null, available: true };
  return { kind: 'progress', task_id: 'task-1', progress: { ...empty, ...rest, ...over } };
}

function waiting(position: number): Extract<StreamFrame, { kind: 'snapshot' }> {
  const message = `Waiting: ${position} ahead.`;
  return { kind: 'snapshot', task: { status: 'queued', queue_position: position, message } as Task };
}

const SUBMITTED = event({ type: 'attempt.submitted', prompt_id: 'abc-123' });

/** A run as v1 showed one. */
function play(lines: TaskLines): string[] {
  return [
    ...lines.take(waiting(2), 10_000),
    ...lines.take(SUBMITTED, 11_000),
    ...lines.take(progress({ current_node: '5' }), 12_000),
    ...lines.take(progress({ current_node: '5', step: 10, steps: 22 }), 13_000),
    lines.end({ status: 'succeeded', message: '', error: null, duration_seconds: 3 }, 22_340),
  ];
}

describe('TaskLines', () => {
  it('PR1 says what happens to a task, in the words of v1', () => {
    expect(play(open())).toEqual([
      '  → 2 tasks left in the queue',
      'Workflow submitted, prompt_id: abc-123',
      'Waiting for workflow abc-123 to finish...',
      '  → Processing node: 5',
      '  → Progress: 45.5% (10/22)',
      '✓ Workflow abc-123 finished (12.34 s)',
    ]);
  });

  it('DO10 says the same in Chinese', () => {
    expect(play(open('zh-CN'))).toEqual([
      '  → 队列中还有 2 个任务',
      '工作流已提交，prompt_id: abc-123',
      '开始等待工作流 abc-123 完成...',
      '  → 正在处理节点: 5',
      '  → 进度: 45.5% (10/22)',
      '✓ 工作流 abc-123 执行完成（耗时 12.34 秒）',
    ]);
  });

  it('PR1 says it in the traditional characters of v1', () => {
    expect(play(open('zh-TW'))).toEqual([
      '  → 佇列中還有 2 個任務',
      '工作流已提交，prompt_id: abc-123',
      '開始等待工作流 abc-123 完成...',
      '  → 正在處理節點: 5',
      '  → 進度: 45.5% (10/22)',
      '✓ 工作流 abc-123 執行完成（耗時 12.34 秒）',
    ]);
  });

  it('says nothing twice when frames come again', () => {
    const lines = open();
    play(lines);

    expect(lines.take(SUBMITTED, 30_000)).toEqual([]);
    expect(lines.take(progress({ current_node: '5', step: 10, steps: 22 }), 30_000)).toEqual([]);
  });

  it('PR11 tells the queue as it shrinks and leaves it out at the front', () => {
    const lines = open();

    expect([3, 3, 1, 0].flatMap((position) => lines.take(waiting(position), 0))).toEqual([
      '  → 3 tasks left in the queue',
      '  → 1 tasks left in the queue',
    ]);
  });

  it('PR2 warns once a minute of silence, with the last node and the true seconds', () => {
    const lines = open();
    lines.take(progress({ current_node: '5' }), 20_000);

    expect([79_999, 80_000, 81_000, 141_500].map((nowMs) => lines.warn(nowMs))).toEqual([
      null,
      '⚠ No message for 60 s, last node: 5',
      null,
      '⚠ No message for 121 s, last node: 5',
    ]);
  });

  it('PR2 counts again after a message', () => {
    const lines = open();
    lines.warn(70_000);
    lines.take(event({ type: 'attempt.started' }), 71_000);

    expect(lines.warn(130_000)).toBe(null);
    expect(lines.warn(131_000)).toBe('⚠ No message for 60 s, last node: none');
  });

  it('PR11 tells what a task waits for until its prompt runs, in the queue and on its worker', () => {
    const lines = open();
    lines.take(waiting(1), 10_000);
    expect(lines.warn(70_000)).toBe('⚠ No change for 60 s. Waiting: 1 ahead.');
    lines.take(event({ type: 'attempt.submitted', prompt_id: 'abc-123', worker_name: 'gpu-1' }), 80_000);
    expect(lines.warn(140_000)).toBe('⚠ No change for 60 s. On gpu-1, other prompts run first.');
    lines.take(event({ type: 'attempt.started', worker_name: 'gpu-1' }), 150_000);
    expect(lines.warn(210_000)).toBe('⚠ No message for 60 s, last node: none');
  });

  it('PR11 takes a waiting task’s new place before it warns; a change ends the silence', () => {
    const lines = open();
    lines.take(waiting(2), 10_000);
    expect([69_999, 70_000].map((nowMs) => lines.needsReading(nowMs))).toEqual([false, true]);

    expect(lines.takeReading(waiting(1).task, 70_000)).toEqual(['  → 1 tasks left in the queue']);
    expect(lines.warn(70_000)).toBe(null);
    expect(lines.takeReading(waiting(1).task, 130_000)).toEqual([]);
    expect(lines.warn(130_000)).toBe('⚠ No change for 60 s. Waiting: 1 ahead.');

    lines.take(event({ type: 'attempt.submitted', prompt_id: 'abc-123', worker_name: 'gpu-1' }), 140_000);
    expect(lines.needsReading(200_000)).toBe(false);
    expect(lines.takeReading(waiting(1).task, 200_000)).toEqual([]);
    expect(lines.warn(200_000)).toBe('⚠ No change for 60 s. On gpu-1, other prompts run first.');
  });

  it('tells why an attempt ended and shows the next one from its start', () => {
    const lines = open();
    lines.take(SUBMITTED, 0);
    const error = { code: 'PROMPT_LOST', message: 'forgotten', details: null };
    const ended = { type: 'attempt.ended', attempt_number: 1, worker_id: '0f-1', error } as const;

    expect(lines.take(event({ ...ended, worker_name: 'gpu-1' }), 0)).toEqual([
      '  ⚠ Attempt 1 on gpu-1 ended: PROMPT_LOST forgotten',
    ]);
    // Of a server before 0.2.
    expect(lines.take(event(ended), 0)).toEqual(['  ⚠ Attempt 1 on 0f-1 ended: PROMPT_LOST forgotten']);
    expect(lines.take(event({ type: 'attempt.submitted', prompt_id: 'def-456' }), 0)).toEqual([
      'Workflow submitted, prompt_id: def-456',
      'Waiting for workflow def-456 to finish...',
    ]);
  });

  it('leaves the error of the last attempt to the end, which says it', () => {
    const lines = open();
    lines.take(SUBMITTED, 0);
    const error = { code: 'PROMPT_LOST', message: 'forgotten', details: null };
    const ended = event({ type: 'attempt.ended', attempt_number: 1, worker_id: 'w1', error });

    expect(lines.take({ ...ended, task: { status: 'failed' } as Task } as StreamFrame, 0)).toEqual([]);
  });

  it('leaves the percent to the bar where there is one', () => {
    expect(open('en', false).take(progress({ current_node: '3', step: 1, steps: 20 }), 0)).toEqual([
      '  → Processing node: 3',
    ]);
  });

  it('tells the run time of a task that was there before somebody watched it', () => {
    const options = { texts: chooseTexts('en'), silenceMs: 60_000, showPercent: true };
    const lines = new TaskLines('task-1', { ...options, startedAtMs: null, followedAtMs: 50_000 });
    const ended = { status: 'succeeded', message: '', error: null, duration_seconds: 12.5 } as const;

    expect(lines.end(ended, 50_010)).toBe('✓ Workflow task-1 finished (12.50 s)');
  });

  it('ends with the cause of a failure', () => {
    const error = { code: 'NODE_EXECUTION_ERROR', message: 'Node 3 failed.', details: null };

    expect(open().end({ status: 'failed', message: '', error, duration_seconds: 3 }, 0)).toBe(
      '✗ Workflow task-1 failed: NODE_EXECUTION_ERROR Node 3 failed.',
    );
  });
});
