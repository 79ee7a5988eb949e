import type { JsonObject } from '../json/lossless-json.ts';

/** One prompt as ComfyUI queues it; `*Json` are texts ready for the wire and for PNG metadata. */
export interface PromptItem {
  /** Priority: lower runs first. `numberText` is how Python prints it (`3` or `3.0`). */
  readonly number: number;
  readonly numberText: string;
  readonly promptId: string;
  readonly prompt: JsonObject;
  readonly promptJson: string;
  readonly extraData: JsonObject;
  readonly clientId: string | undefined;
  readonly outputs: readonly string[];
  readonly createdAt: number;
}

/** Two waiting items with the same number and id cannot be ordered; Python's heap raises, but the item stays in the heap. */
export class UnorderableItems extends Error {}

function isBefore(a: PromptItem, b: PromptItem): boolean {
  if (a.number !== b.number) return a.number < b.number;
  if (a.promptId !== b.promptId) return a.promptId < b.promptId;
  throw new UnorderableItems("'<' not supported between instances of 'dict' and 'dict'");
}

/**
 * ComfyUI's pending queue: a binary heap laid out as Python's heapq does, so that `pending()` shows the
 * same unsorted order as GET /queue of a real server (protocol 4.1).
 */
export class PromptQueue {
  private heap: PromptItem[] = [];
  private runningItem: PromptItem | undefined;

  put(item: PromptItem): void {
    this.heap.push(item);
    siftDown(this.heap, 0, this.heap.length - 1);
  }

  /** Removes the first item and makes it the running one; undefined if nothing waits. */
  take(): PromptItem | undefined {
    const last = this.heap.pop();
    if (last === undefined) return undefined;
    let taken = last;
    const first = this.heap[0];
    if (first !== undefined) {
      taken = first;
      this.heap[0] = last;
      siftUp(this.heap, 0);
    }
    this.runningItem = taken;
    return taken;
  }

  finishRunning(): void {
    this.runningItem = undefined;
  }

  running(): PromptItem | undefined {
    return this.runningItem;
  }

  pending(): readonly PromptItem[] {
    return this.heap;
  }

  remaining(): number {
    return this.heap.length + (this.runningItem === undefined ? 0 : 1);
  }

  clear(): void {
    this.heap = [];
  }

  /** Removes the first waiting item with this id; the running one is never touched. */
  remove(promptId: string): boolean {
    const index = this.heap.findIndex((item) => item.promptId === promptId);
    if (index < 0) return false;
    this.heap.splice(index, 1);
    for (let i = (this.heap.length >> 1) - 1; i >= 0; i -= 1) siftUp(this.heap, i);
    return true;
  }

  forgetAll(): void {
    this.heap = [];
    this.runningItem = undefined;
  }
}

/** heapq._siftdown: moves the item at `position` toward the root. */
function siftDown(heap: PromptItem[], start: number, position: number): void {
  const item = heap[position];
  if (item === undefined) return;
  let at = position;
  while (at > start) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !isBefore(item, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = item;
}

/** heapq._siftup: bubbles the smaller child up until a leaf, then sifts down. */
function siftUp(heap: PromptItem[], position: number): void {
  const item = heap[position];
  if (item === undefined) return;
  let at = position;
  let childAt = 2 * at + 1;
  while (childAt < heap.length) {
    const left = heap[childAt];
    const right = heap[childAt + 1];
    if (left !== undefined && right !== undefined && !isBefore(left, right)) childAt += 1;
    const child = heap[childAt];
    if (child === undefined) break;
    heap[at] = child;
    at = childAt;
    childAt = 2 * at + 1;
  }
  heap[at] = item;
  siftDown(heap, position, at);
}
