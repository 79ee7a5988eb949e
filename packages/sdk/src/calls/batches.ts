import {
  type Batch,
  type BatchDetail,
  type BatchPage,
  batchDetailSchema,
  batchPageSchema,
  batchSchema,
  isTerminal,
  type StreamFrame,
  type SubmitBatch,
} from '@comfleet/contract';
import { createIdempotencyKey } from '../http/idempotency.ts';
import { rawJson, writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';
import { endedTaskId } from '../watch/next-watch.ts';
import { type WatchOptions, watchSubject } from '../watch/watch.ts';
import type { SubmitCallOptions } from './tasks.ts';

/** What POST /api/v2/batches takes; `rawGraph` is JSON text sent as written. */
export interface BatchBody extends SubmitBatch {
  readonly rawGraph?: string;
}

export interface BatchFilter {
  readonly projectId?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Everything about batches. */
export class BatchCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async submit(body: BatchBody, options: SubmitCallOptions = {}): Promise<Batch> {
    const { idempotencyKey = createIdempotencyKey(this.#transport.random), ...call } = options;
    const { rawGraph, ...rest } = body;
    return await this.#transport.json(
      {
        ...call,
        method: 'POST',
        path: '/api/v2/batches',
        body: writeJson(rawGraph === undefined ? rest : { ...rest, graph: rawJson(rawGraph) }),
        headers: { 'idempotency-key': idempotencyKey },
        repeatable: true,
      },
      batchSchema,
    );
  }

  /** Newest first. */
  async list({ projectId, ...page }: BatchFilter = {}, options: CallOptions = {}): Promise<BatchPage> {
    const query = { ...page, project_id: projectId };
    const request = { ...options, method: 'GET', path: '/api/v2/batches', query } as const;
    return await this.#transport.json(request, batchPageSchema);
  }

  /** One batch with its tasks in the order of their index. */
  async load(batchId: string, options: CallOptions = {}): Promise<BatchDetail> {
    return await this.#transport.json(
      { ...options, method: 'GET', path: pathOf(batchId) },
      batchDetailSchema,
    );
  }

  async pause(batchId: string, options: CallOptions = {}): Promise<Batch> {
    return await this.#act(batchId, 'pause', options);
  }

  async resume(batchId: string, options: CallOptions = {}): Promise<Batch> {
    return await this.#act(batchId, 'resume', options);
  }

  async cancel(batchId: string, options: CallOptions = {}): Promise<Batch> {
    return await this.#act(batchId, 'cancel', options);
  }

  /** Follows every task of a batch until the last of them has ended. */
  async *watch(batchId: string, options: WatchOptions = {}): AsyncGenerator<StreamFrame, void> {
    const open = new Set((await this.load(batchId, { signal: options.signal })).task_ids);
    const subject = {
      path: `${pathOf(batchId)}/events`,
      poll: async (signal?: AbortSignal) => {
        const { tasks } = await this.load(batchId, { signal });
        return { tasks, over: tasks.every((task) => isTerminal(task.status)) };
      },
      isLast: (frame: StreamFrame) => {
        const ended = endedTaskId(frame);
        if (ended !== null) open.delete(ended);
        return open.size === 0;
      },
    };
    yield* watchSubject(this.#transport, subject, options);
  }

  async #act(batchId: string, action: string, options: CallOptions): Promise<Batch> {
    const path = `${pathOf(batchId)}/${action}`;
    return await this.#transport.json({ ...options, method: 'POST', path, repeatable: true }, batchSchema);
  }
}

function pathOf(batchId: string): string {
  return `/api/v2/batches/${encodeURIComponent(batchId)}`;
}
