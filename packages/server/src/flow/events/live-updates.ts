import type { BatchId, Preview, PrincipalId, Progress, ProjectId, TaskId } from '@comfleet/contract';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskEventRow, TaskRow } from '../tasks/task-tables.ts';
import { MAX_PREVIEW_BYTES, PreviewThrottle } from './preview-throttle.ts';

interface Address {
  taskId: TaskId;
  ownerId: PrincipalId;
  projectId: ProjectId | null;
  batchId: BatchId | null;
  isTrial: boolean;
}

/** An update for watchers. A state is already stored when its event is published. */
export type LiveUpdate =
  | (Address & { kind: 'event'; event: TaskEventRow })
  | (Address & { kind: 'progress'; progress: Progress })
  | (Address & { kind: 'preview'; preview: Preview });

type Listener = (update: LiveUpdate) => void;

/** What can be watched: `task:ID`, `batch:ID`, `owner:ID`, `project:ID` or `all`. */
export type Topic = `task:${string}` | `batch:${string}` | `owner:${string}` | `project:${string}` | 'all';

/** The interface for watchers, a seam like that of the engine. It stores nothing: a watcher that joins late reads SQL first. */
export interface LiveUpdates {
  /** Calls `listener` once for each update of any of the topics; returns a function that unsubscribes. */
  subscribe(topics: readonly Topic[], listener: Listener): () => void;
  /** Latest progress of a running task. */
  progressOf(taskId: TaskId): Progress | null;
  /** Latest preview of a running task. */
  previewOf(taskId: TaskId): Preview | null;
}

interface PreviewImage {
  nodeId: string;
  mimeType: string;
  bytes: Uint8Array;
}

const PREVIEW_PERIOD_MS = 500;

/** Live updates within one process. Keeps the latest progress and preview of each running task until it ends. */
export class LiveUpdateHub implements LiveUpdates {
  readonly #listeners = new Map<Topic, Set<Listener>>();
  readonly #progress = new Map<string, Progress>();
  /** Encoded on demand. */
  readonly #previews = new Map<string, () => Preview>();
  readonly #throttle: PreviewThrottle;
  readonly #onListenerError: (error: unknown) => void;

  constructor(clock: Clock, onListenerError: (error: unknown) => void) {
    this.#throttle = new PreviewThrottle(clock, PREVIEW_PERIOD_MS);
    this.#onListenerError = onListenerError;
  }

  subscribe(topics: readonly Topic[], listener: Listener): () => void {
    for (const topic of topics) {
      const listeners = this.#listeners.get(topic) ?? new Set<Listener>();
      listeners.add(listener);
      this.#listeners.set(topic, listeners);
    }
    return () => {
      for (const topic of topics) {
        const listeners = this.#listeners.get(topic);
        listeners?.delete(listener);
        if (listeners?.size === 0) this.#listeners.delete(topic);
      }
    };
  }

  progressOf(taskId: TaskId): Progress | null {
    return this.#progress.get(taskId) ?? null;
  }

  previewOf(taskId: TaskId): Preview | null {
    return this.#previews.get(taskId)?.() ?? null;
  }

  /** Publishes a stored change of a task. At its end its progress and preview are dropped. */
  reportEvent(task: TaskRow, event: TaskEventRow): void {
    const address = toAddress(task);
    const progress = this.progressOf(task.id);
    if (task.ended_at !== null) {
      this.#progress.delete(task.id);
      this.#previews.delete(task.id);
      this.#throttle.forget(task.id);
    }
    // Progress is complete only once the result is stored.
    if (progress && task.state === 'succeeded')
      this.#publish({ kind: 'progress', ...address, progress: { ...progress, value: 1 } });
    this.#publish({ kind: 'event', ...address, event });
  }

  reportProgress(task: TaskRow, progress: Progress): void {
    this.#progress.set(task.id, progress);
    this.#publish({ kind: 'progress', ...toAddress(task), progress });
  }

  /** Publishes a preview, at most twice a second and 64 kB; only the latest. One without progress is late: its task has ended. */
  reportPreview(task: TaskRow, { nodeId, mimeType, bytes: image }: PreviewImage): void {
    if (image.byteLength > MAX_PREVIEW_BYTES) return;
    const toPreview = (bytes: Uint8Array) => ({
      node_id: nodeId,
      content_type: mimeType,
      data_base64: Buffer.from(bytes).toString('base64'),
    });
    const address = toAddress(task);
    if (!this.#isWatched(address)) {
      // Copied, because the frame's memory belongs to the socket.
      const copy = image.slice();
      this.#keepPreview(task.id, () => toPreview(copy));
      return;
    }
    this.#throttle.offer(task.id, image, (bytes) => {
      const preview = toPreview(bytes);
      this.#keepPreview(task.id, () => preview);
      this.#publish({ kind: 'preview', ...address, preview });
    });
  }

  #keepPreview(taskId: TaskId, read: () => Preview): void {
    if (this.#progress.has(taskId)) this.#previews.set(taskId, read);
  }

  /** True while someone watches: only then are previews encoded. */
  #isWatched(address: Address): boolean {
    return listTopics(address).some((topic) => this.#listeners.has(topic));
  }

  #publish(update: LiveUpdate): void {
    const listening = listTopics(update).flatMap((topic) => [...(this.#listeners.get(topic) ?? [])]);
    // Whoever watches an owner and its projects gets an update once.
    for (const listener of new Set(listening)) {
      try {
        listener(update);
      } catch (error) {
        // A failing listener must not stop a task (PR8).
        this.#onListenerError(error);
      }
    }
  }
}

function toAddress(task: TaskRow): Address {
  return {
    taskId: task.id,
    ownerId: task.owner_id,
    projectId: task.project_id,
    batchId: task.batch_id,
    isTrial: task.door === 'trial',
  };
}

function listTopics({ taskId, batchId, ownerId, projectId, isTrial }: Address): Topic[] {
  if (isTrial) return [`task:${taskId}`];
  return [
    `task:${taskId}`,
    ...(batchId === null ? [] : [`batch:${batchId}` as const]),
    `owner:${ownerId}`,
    ...(projectId === null ? [] : [`project:${projectId}` as const]),
    'all',
  ];
}
