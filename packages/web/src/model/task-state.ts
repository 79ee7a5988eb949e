import type { Progress, StreamFrame, Task, TaskState } from '@comfleet/contract';

const TERMINAL: readonly TaskState[] = ['succeeded', 'failed', 'canceled', 'expired'];

/** True for a state that never changes again. */
export function isEnded(status: TaskState): boolean {
  return TERMINAL.includes(status);
}

/** True while the task is held or queued. */
export function isWaiting(status: TaskState): boolean {
  return status === 'held' || status === 'queued';
}

/** What a frame means for the page: a new picture of the task, a reason to load it, or nothing. */
export type FrameOutcome =
  | { kind: 'task'; task: Task }
  | { kind: 'load'; taskId: string }
  | { kind: 'nothing' };

/**
 * The next picture of one task. News may arrive late or twice: an ended task stays ended, and progress of the
 * same attempt never goes backward.
 */
export function nextTask(known: Task | undefined, frame: StreamFrame): FrameOutcome {
  switch (frame.kind) {
    case 'snapshot':
      return { kind: 'task', task: mergeTask(known, frame.task) };
    case 'event':
      if (frame.task === null) return { kind: 'load', taskId: frame.event.task_id };
      return { kind: 'task', task: mergeTask(known, frame.task) };
    case 'progress':
      if (known === undefined) return { kind: 'load', taskId: frame.task_id };
      if (isEnded(known.status)) return { kind: 'nothing' };
      return { kind: 'task', task: { ...known, progress: laterProgress(known.progress, frame.progress) } };
    case 'preview':
      return { kind: 'nothing' };
  }
}

/** The newer of two pictures of a task: an ended one wins over one still under way. */
export function mergeTask(known: Task | undefined, incoming: Task): Task {
  if (known === undefined) return incoming;
  if (isEnded(known.status) && !isEnded(incoming.status)) return known;
  if (incoming.attempt_count < known.attempt_count) return known;
  if (incoming.status !== 'running' || known.attempt_count !== incoming.attempt_count) return incoming;
  return { ...incoming, progress: laterProgress(known.progress, incoming.progress) };
}

function laterProgress(known: Progress | null, incoming: Progress | null): Progress | null {
  if (incoming === null) return known;
  if (known === null || incoming.value >= known.value) return incoming;
  return { ...incoming, value: known.value };
}
