import type { Task } from '@comfleet/contract';
import { isEnded } from './task-state.ts';

/** Tasks that belong together on the page: one batch, or one task by itself. */
export interface GalleryGroup {
  key: string;
  batchId: string | null;
  /** By place in the batch. */
  tasks: Task[];
  createdAt: string;
}

/** Groups newest first; tasks of a batch in the batch's order. */
export function groupTasks(tasks: Iterable<Task>): GalleryGroup[] {
  const groups = new Map<string, GalleryGroup>();
  for (const task of tasks) {
    const key = task.batch_id ?? task.task_id;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { key, batchId: task.batch_id, tasks: [task], createdAt: task.created_at });
    } else {
      group.tasks.push(task);
      if (task.created_at < group.createdAt) group.createdAt = task.created_at;
    }
  }
  for (const group of groups.values()) group.tasks.sort(compareInBatch);
  return [...groups.values()].sort(
    (a, b) => compareText(b.createdAt, a.createdAt) || compareText(b.key, a.key),
  );
}

/** Tasks of a group that are not at their end. */
export function openTasks(group: GalleryGroup): Task[] {
  return group.tasks.filter((task) => !isEnded(task.status));
}

function compareInBatch(a: Task, b: Task): number {
  return (a.batch_index ?? 0) - (b.batch_index ?? 0) || compareText(a.task_id, b.task_id);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** One tile of the gallery: a result, or a task that has none (yet). */
export interface GalleryItem {
  key: string;
  task: Task;
  result: Task['results'][number] | null;
}

/** The tiles of a group in order. */
export function itemsOf(group: GalleryGroup): GalleryItem[] {
  return group.tasks.flatMap((task): GalleryItem[] => {
    if (task.status !== 'succeeded' || task.results.length === 0)
      return [{ key: task.task_id, task, result: null }];
    return task.results.map((result) => ({ key: `${task.task_id}/${String(result.index)}`, task, result }));
  });
}

/** Width : height of what a task makes, from its parameters; 1 when they do not say. */
export function aspectOf(task: Task): number {
  const { width, height } = task.parameters;
  if (typeof width !== 'number' || typeof height !== 'number' || width <= 0 || height <= 0) return 1;
  return Math.min(2.4, Math.max(0.5, width / height));
}

/** What a task is called where its workflow has no title: a graph goes by the name that came with it; null without one. */
export function nameOf(task: Task): string | null {
  return task.workflow_name ?? task.name;
}

/** What the person asked for in words; null when the workflow has no prompt. */
export function promptOf(task: Task): string | null {
  for (const name of ['prompt', 'text', 'positive_prompt']) {
    const value = task.parameters[name];
    if (typeof value === 'string' && value.trim() !== '') return value;
  }
  return null;
}
