import { startTimeSlice } from '@comfleet/comfyui';
import { type BatchId, isTerminal, type StreamFrame, type Task, type TaskId } from '@comfleet/contract';
import type { Database } from '../../../platform/database/database.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { LiveUpdate, LiveUpdates, Topic } from '../../events/live-updates.ts';
import { WatcherQueue } from '../../events/watcher-queue.ts';
import type { FlowTables } from '../../flow-tables.ts';
import type { OwnerFilter } from '../../ownership/owner-filter.ts';
import {
  listVisibleTasks,
  loadEventRows,
  loadVisibleTask,
  streamBatchTasks,
} from '../../tasks/task-queries.ts';
import { findTask } from '../../tasks/task-rows.ts';
import type { TaskEventRow, TaskRow } from '../../tasks/task-tables.ts';
import type { TaskViews } from './task-views.ts';

export interface WatchDeps {
  database: Database<FlowTables>;
  live: LiveUpdates;
  views: TaskViews;
  clock: Clock;
}

const OPEN_STATES = ['held', 'queued', 'running'] as const;

/**
 * Streams one task: stored events after `after` (or a snapshot), then live ones, until the terminal event. It subscribes before it
 * reads, and drops duplicates, so that no event is missed.
 */
export async function* watchTask(
  deps: WatchDeps,
  owner: OwnerFilter,
  id: TaskId,
  options: { after: number | null; signal: AbortSignal },
): AsyncIterable<StreamFrame> {
  const { queue, stop } = subscribe(deps.live, [`task:${id}`], options.signal);
  const frames = new Frames(deps);
  try {
    const task = await loadVisibleTask(deps.database, owner, id);
    let seen = options.after ?? task.version;
    if (options.after === null) yield* toSnapshot(deps, task);
    let state = task.state;
    for (const row of await loadEventRows(deps.database, id, seen)) {
      ({ number: seen, state } = row);
      yield await frames.fromEvent(id, row);
    }
    // The stored events may be newer than the task, which was read before them.
    if (isTerminal(state)) return;
    for (let next = await queue.next(); next; next = await queue.next()) {
      if (next.kind === 'event' && next.event.number <= seen) continue;
      if (next.kind === 'event') seen = next.event.number;
      yield await frames.from(next);
      if (next.kind === 'event' && isTerminal(next.event.state)) return;
    }
  } finally {
    stop();
  }
}

/** Streams a batch: a snapshot of each task, then their events, until all have ended. */
export async function* watchBatch(
  deps: WatchDeps,
  owner: OwnerFilter,
  id: BatchId,
  signal: AbortSignal,
): AsyncIterable<StreamFrame> {
  const { queue, stop } = subscribe(deps.live, [`batch:${id}`], signal);
  const frames = new Frames(deps);
  try {
    const open = new Set<TaskId>();
    for await (const rows of streamBatchTasks(deps.database, owner, id, startTimeSlice(deps.clock))) {
      for (const row of rows) if (!isTerminal(row.state)) open.add(row.id);
      for (const task of await deps.views.viewAll(rows)) yield { kind: 'snapshot', task };
    }
    if (open.size === 0) return;
    for (let next = await queue.next(); next; next = await queue.next()) {
      yield await frames.from(next);
      if (next.kind === 'event' && isTerminal(next.event.state)) open.delete(next.taskId);
      if (open.size === 0) return;
    }
  } finally {
    stop();
  }
}

/** Streams everything of an owner and its projects (for an admin: of all): open tasks first, then live events until the reader leaves. */
export async function* watchOwn(
  deps: WatchDeps,
  owner: OwnerFilter,
  signal: AbortSignal,
): AsyncIterable<StreamFrame> {
  const { queue, stop } = subscribe(deps.live, listTopics(owner), signal);
  const frames = new Frames(deps);
  try {
    const { rows } = await listVisibleTasks(deps.database, owner, { states: OPEN_STATES, limit: 1000 });
    for (const task of await deps.views.viewAll(rows)) yield { kind: 'snapshot', task };
    for (let next = await queue.next(); next; next = await queue.next()) yield await frames.from(next);
  } finally {
    stop();
  }
}

async function* toSnapshot(deps: WatchDeps, task: TaskRow): AsyncIterable<StreamFrame> {
  yield { kind: 'snapshot', task: await deps.views.view(task) };
  const preview = deps.live.previewOf(task.id);
  if (preview) yield { kind: 'preview', task_id: task.id, preview };
}

function listTopics(owner: OwnerFilter): Topic[] {
  if (owner.kind === 'all') return ['all'];
  return [`owner:${owner.ownerId}`, ...owner.projectIds.map((id) => `project:${id}` as const)];
}

function subscribe(live: LiveUpdates, topics: readonly Topic[], signal: AbortSignal) {
  const queue = new WatcherQueue();
  const unsubscribe = live.subscribe(topics, (update) => queue.push(update));
  const close = () => queue.close();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  return {
    queue,
    stop: () => {
      unsubscribe();
      signal.removeEventListener('abort', close);
      queue.close();
    },
  };
}

/** Creates the frames of one stream. */
class Frames {
  readonly #deps: WatchDeps;
  /** The task of the last frame: events of one commit follow each other and show the same task. */
  #newest: { id: TaskId; version: number; task: Task } | null = null;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  async from(update: LiveUpdate): Promise<StreamFrame> {
    switch (update.kind) {
      case 'event':
        return this.fromEvent(update.taskId, update.event);
      case 'progress':
        return { kind: 'progress', task_id: update.taskId, progress: update.progress };
      case 'preview':
        return { kind: 'preview', task_id: update.taskId, preview: update.preview };
      default: {
        const unknownUpdate: never = update;
        return unknownUpdate;
      }
    }
  }

  async fromEvent(id: TaskId, row: TaskEventRow): Promise<StreamFrame> {
    const event = await this.#deps.views.viewEvent(row);
    return { kind: 'event', event, task: await this.#viewSince(id, event.number) };
  }

  /** The task as it is now, or as in the last frame if that is newer than this event. */
  async #viewSince(id: TaskId, eventNumber: number): Promise<Task | null> {
    const newest = this.#newest;
    if (newest?.id === id && newest.version >= eventNumber) return newest.task;
    const [row] = await this.#deps.database.read(findTask(this.#deps.database.k, id));
    if (!row) return null;
    const task = await this.#deps.views.view(row);
    this.#newest = { id, version: row.version, task };
    return task;
  }
}
