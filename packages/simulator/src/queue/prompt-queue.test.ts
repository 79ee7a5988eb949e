import { describe, expect, it } from 'vitest';
import { type PromptItem, PromptQueue, UnorderableItems } from './prompt-queue.ts';

function item(number: number, promptId: string): PromptItem {
  return {
    number,
    numberText: String(number),
    promptId,
    prompt: new Map(),
    promptJson: '{}',
    extraData: new Map(),
    clientId: undefined,
    outputs: [],
    createdAt: 0,
  };
}

function putAll(queue: PromptQueue, numbers: readonly number[]): void {
  for (const number of numbers) queue.put(item(number, `p${number}`));
}

describe('PromptQueue', () => {
  it('shows waiting prompts in the order of Python heapq, not in execution order', () => {
    const queue = new PromptQueue();
    putAll(queue, [5, 3, 8, 1, 9, 2]);
    expect(queue.pending().map((entry) => entry.number)).toEqual([1, 3, 2, 5, 9, 8]);
  });

  it('runs lower numbers first and counts the running one as remaining', () => {
    const queue = new PromptQueue();
    putAll(queue, [5, 3, 8]);
    const first = queue.take();
    expect([first?.number, queue.remaining()]).toEqual([3, 3]);
    queue.finishRunning();
    expect([queue.take()?.number, queue.remaining()]).toEqual([5, 2]);
  });

  it('keeps the layout of heapq after a prompt was removed', () => {
    const queue = new PromptQueue();
    putAll(queue, [5, 3, 8, 1, 9, 2]);
    expect(queue.remove('p3')).toBe(true);
    expect(queue.pending().map((entry) => entry.number)).toEqual([1, 2, 5, 9, 8]);
    expect(queue.remove('p3')).toBe(false);
  });

  it('raises on two prompts with equal number and id, and keeps both', () => {
    const queue = new PromptQueue();
    queue.put(item(1, 'twin'));
    expect(() => queue.put(item(1, 'twin'))).toThrow(UnorderableItems);
    expect(queue.remaining()).toBe(2);
  });
});
