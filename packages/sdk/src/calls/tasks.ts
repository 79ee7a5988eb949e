import {
  type Attempt,
  attemptListSchema,
  type Decision,
  isTerminal,
  type Placement,
  placementSchema,
  type StreamFrame,
  type SubmitTask,
  type Submitted,
  submittedSchema,
  type Task,
  type TaskDetail,
  type TaskEvent,
  type TaskPage,
  type TaskStatus,
  taskDetailSchema,
  taskEventListSchema,
  taskPageSchema,
  taskSchema,
  taskStatusSchema,
} from '@comfleet/contract';
import { TaskEndedError } from '../errors.ts';
import { createIdempotencyKey } from '../http/idempotency.ts';
import { rawJson, writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';
import { endedTaskId } from '../watch/next-watch.ts';
import { type WatchOptions, watchSubject } from '../watch/watch.ts';
import { type Download, type DownloadOptions, openDownload } from './download.ts';
import type { PendingTasks } from './pending-tasks.ts';

/** What POST /api/v2/tasks takes; bigint values and `rawGraph` keep digits that a JavaScript number would lose. */
export interface SubmitBody extends SubmitTask {
  /** The graph as JSON text, sent as written: for seeds beyond 2^53. */
  readonly rawGraph?: string;
}

export interface SubmitCallOptions extends CallOptions {
  /** Made for each call when absent; the same key and body never make a second task. */
  readonly idempotencyKey?: string;
}

export interface TaskFilter {
  /** One of ours, or the words of the v1 API (pending, processing, completed, cancelled). */
  readonly status?: string;
  /** Held tasks that wait for this: `needs_decision`. */
  readonly heldReason?: string;
  readonly taskType?: string;
  readonly worker?: string;
  readonly batchId?: string;
  readonly projectId?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface RunOptions extends SubmitCallOptions, Omit<WatchOptions, 'signal' | 'after'> {
  /** Called with what the server answered to the submission. */
  readonly onSubmitted?: (submitted: Submitted) => void;
  /** Called with every frame until the end. */
  readonly onFrame?: (frame: StreamFrame) => void;
  /** Also cancel the task when the signal aborts. Default: it goes on without us. */
  readonly cancelOnAbort?: boolean;
}

/** The routes that take a flat body. */
export type FlatRoute = 'text-to-image' | 'text-to-image-sdxl' | 'image-to-video';

/** Everything about tasks. */
export class TaskCalls {
  readonly #transport: HttpTransport;
  readonly #pending: PendingTasks;

  constructor(transport: HttpTransport, pending: PendingTasks) {
    this.#transport = transport;
    this.#pending = pending;
  }

  /** Makes a task. A repeated try after an unclear outcome finds the first task by its key. */
  async submit(body: SubmitBody, options: SubmitCallOptions = {}): Promise<Submitted> {
    const { rawGraph, ...rest } = body;
    return await this.#submit(
      '',
      rawGraph === undefined ? rest : { ...rest, graph: rawJson(rawGraph) },
      options,
    );
  }

  /** Makes a task by one of the flat routes (`prompt`, `width`, … side by side). */
  async submitFlat(
    route: FlatRoute,
    body: Readonly<Record<string, unknown>>,
    options: SubmitCallOptions = {},
  ): Promise<Submitted> {
    return await this.#submit(`/${route}`, body, options);
  }

  async list(filter: TaskFilter = {}, options: CallOptions = {}): Promise<TaskPage> {
    const { taskType, batchId, projectId, heldReason, ...rest } = filter;
    const ids = { batch_id: batchId, project_id: projectId };
    const query = { ...rest, ...ids, task_type: taskType, held_reason: heldReason };
    return await this.#transport.json(
      { ...options, method: 'GET', path: '/api/v2/tasks', query },
      taskPageSchema,
    );
  }

  /** Every task that fits, page after page. */
  async *each(filter: TaskFilter = {}, options: CallOptions = {}): AsyncGenerator<Task, void> {
    let cursor = filter.cursor;
    for (;;) {
      const page = await this.list({ ...filter, cursor }, options);
      yield* page.tasks;
      if (page.next_cursor === null) return;
      cursor = page.next_cursor;
    }
  }

  /** One task with its attempts and results. */
  async load(taskId: string, options: CallOptions = {}): Promise<TaskDetail> {
    const task = await this.#transport.json(
      { ...options, method: 'GET', path: pathOf(taskId) },
      taskDetailSchema,
    );
    this.#pending.note(task);
    return task;
  }

  async status(taskId: string, options: CallOptions = {}): Promise<TaskStatus> {
    const path = `${pathOf(taskId)}/status`;
    const status = await this.#transport.json({ ...options, method: 'GET', path }, taskStatusSchema);
    this.#pending.note(status);
    return status;
  }

  /** Asks for the end of a task; canceling twice is canceling once. */
  async cancel(taskId: string, options: CallOptions = {}): Promise<Task> {
    const path = `${pathOf(taskId)}/cancel`;
    return await this.#transport.json({ ...options, method: 'POST', path, repeatable: true }, taskSchema);
  }

  /**
   * Says of a task held as `needs_decision` (its paid nodes may have run) whether it is sent again or fails with the cause.
   * CONFLICT when it waits for no decision.
   */
  async decide(taskId: string, decision: Decision, options: CallOptions = {}): Promise<Task> {
    const path = `/api/fleet/tasks/${encodeURIComponent(taskId)}/decide`;
    const task = await this.#transport.json(
      { ...options, method: 'POST', path, body: writeJson({ decision }) },
      taskSchema,
    );
    this.#pending.note(task);
    return task;
  }

  /** Runs it once more, with all its parameters, as a new task. */
  async retry(taskId: string, options: SubmitCallOptions = {}): Promise<Submitted> {
    const { idempotencyKey, ...call } = options;
    const headers: Record<string, string> =
      idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    const path = `${pathOf(taskId)}/retry`;
    const request = { ...call, method: 'POST', path, query: { as: 'task' }, headers } as const;
    const submitted = await this.#transport.json(request, submittedSchema);
    this.#pending.add(submitted, this.#transport.clock.nowMs());
    return submitted;
  }

  /** One result by index; without index the only one, or a ZIP of all. */
  async download(
    taskId: string,
    options: DownloadOptions & { readonly index?: number } = {},
  ): Promise<Download> {
    const { index, ...rest } = options;
    return await openDownload(this.#transport, `${pathOf(taskId)}/download`, { ...rest, query: { index } });
  }

  /** The stored events, oldest first. */
  async events(taskId: string, options: CallOptions = {}): Promise<TaskEvent[]> {
    const path = `/api/fleet/tasks/${encodeURIComponent(taskId)}/events`;
    return (await this.#transport.json({ ...options, method: 'GET', path }, taskEventListSchema)).events;
  }

  /** Every try of a task, oldest first. */
  async attempts(taskId: string, options: CallOptions = {}): Promise<Attempt[]> {
    const path = `/api/fleet/tasks/${encodeURIComponent(taskId)}/attempts`;
    return (await this.#transport.json({ ...options, method: 'GET', path }, attemptListSchema)).attempts;
  }

  /** Why a task waits, worker by worker, or why it runs where it does. */
  async placement(taskId: string, options: CallOptions = {}): Promise<Placement> {
    const path = `/api/fleet/tasks/${encodeURIComponent(taskId)}/placement`;
    return await this.#transport.json({ ...options, method: 'GET', path }, placementSchema);
  }

  /** The executed graph as JSON text: parse it with a parser that keeps big numbers where seeds matter. */
  async loadGraphText(taskId: string, options: CallOptions = {}): Promise<string> {
    const path = `/api/fleet/tasks/${encodeURIComponent(taskId)}/graph`;
    return await this.#transport.send({ ...options, method: 'GET', path }, (response) => response.text());
  }

  /** Follows a task to its end: the last frame shows it succeeded, failed, canceled or expired. */
  async *watch(taskId: string, options: WatchOptions = {}): AsyncGenerator<StreamFrame, void> {
    const subject = {
      path: `${pathOf(taskId)}/events`,
      poll: async (signal?: AbortSignal) => {
        const task = await this.load(taskId, { signal });
        return { tasks: [task], over: isTerminal(task.status) };
      },
      isLast: (frame: StreamFrame) => endedTaskId(frame) === taskId,
    };
    for await (const frame of watchSubject(this.#transport, subject, options)) {
      this.#pending.noteFrame(frame);
      yield frame;
    }
  }

  /** Submits, follows to the end and loads the results. Throws TaskEndedError unless the task succeeded. */
  async run(body: SubmitBody, options: RunOptions = {}): Promise<TaskDetail> {
    const { onSubmitted, onFrame, cancelOnAbort = false, ...call } = options;
    const submitted = await this.submit(body, call);
    onSubmitted?.(submitted);
    const { signal, idleMs, pollMs, giveUpAfterMs } = call;
    try {
      for await (const frame of this.watch(submitted.task_id, { signal, idleMs, pollMs, giveUpAfterMs })) {
        onFrame?.(frame);
      }
    } catch (error) {
      if (cancelOnAbort && signal?.aborted === true) await this.cancel(submitted.task_id);
      throw error;
    }
    const task = await this.load(submitted.task_id, { signal });
    if (task.status !== 'succeeded') throw new TaskEndedError(task);
    return task;
  }

  async #submit(route: string, body: unknown, options: SubmitCallOptions): Promise<Submitted> {
    const { idempotencyKey = createIdempotencyKey(this.#transport.random), ...call } = options;
    const submitted = await this.#transport.json(
      {
        ...call,
        method: 'POST',
        path: `/api/v2/tasks${route}`,
        body: writeJson(body),
        headers: { 'idempotency-key': idempotencyKey },
        repeatable: true,
      },
      submittedSchema,
    );
    this.#pending.add(submitted, this.#transport.clock.nowMs());
    return submitted;
  }
}

function pathOf(taskId: string): string {
  return `/api/v2/tasks/${encodeURIComponent(taskId)}`;
}
