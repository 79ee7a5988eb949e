import { RawJson, type Writable } from '../json/lossless-json.ts';
import type { PromptEnd } from '../queue/history.ts';
import type { PromptItem } from '../queue/prompt-queue.ts';
import { HandlerRaised, type Reply, readObjectBody, replyJson, type SimRequest } from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

interface Job {
  readonly status: string;
  readonly createdAt: number;
  readonly json: Record<string, Writable>;
}

function describeEnd(end: PromptEnd): string {
  if (end.completed) return 'completed';
  return end.messages.some((message) => message.startsWith('["execution_interrupted"'))
    ? 'cancelled'
    : 'failed';
}

function describeJob(item: PromptItem, status: string, end?: PromptEnd, startedAt?: number): Job {
  const json: Record<string, Writable> = {
    id: item.promptId,
    status,
    priority: new RawJson(item.numberText),
    create_time: Math.floor(item.createdAt),
  };
  const started = end?.startedAt ?? startedAt;
  if (started !== undefined) json.execution_start_time = Math.floor(started);
  if (end !== undefined) {
    json.execution_end_time = Math.floor(end.endedAt);
    json.outputs_count = end.outputs.length;
  }
  return { status, createdAt: item.createdAt, json };
}

function collectJobs(state: ServerState): Job[] {
  const running = state.queue.running();
  return [
    ...state.queue.pending().map((item) => describeJob(item, 'pending')),
    ...(running === undefined
      ? []
      : [describeJob(running, 'in_progress', undefined, state.worker.currentStart())]),
    ...state.history.list().map(({ item, end }) => describeJob(item, describeEnd(end), end)),
  ];
}

function listJobs(request: SimRequest, state: ServerState): Reply {
  const wanted = request.query.get('status')?.split(',');
  const offset = Number(request.query.get('offset') ?? 0);
  const limitText = request.query.get('limit');
  const limit = limitText === null ? Number.POSITIVE_INFINITY : Number(limitText);
  if (!(limit > 0) || !(offset >= 0))
    return replyJson({ error: 'limit and offset must be positive integers' }, 400);
  const jobs = collectJobs(state).filter((job) => wanted === undefined || wanted.includes(job.status));
  const sign = request.query.get('sort_order') === 'asc' ? 1 : -1;
  jobs.sort((a, b) => sign * (a.createdAt - b.createdAt));
  const page = jobs.slice(offset, offset + limit);
  const pagination = {
    offset,
    limit: limitText === null ? null : limit,
    total: jobs.length,
    has_more: offset + page.length < jobs.length,
  };
  return replyJson({ jobs: page.map((job) => job.json), pagination });
}

function findJob(request: SimRequest, state: ServerState): Reply {
  const [id = ''] = request.params;
  const job = collectJobs(state).find((candidate) => candidate.json.id === id);
  return job === undefined ? replyJson({ error: 'Job not found' }, 404) : replyJson(job.json);
}

function cancel(ids: readonly string[], state: ServerState): boolean {
  let cancelled = false;
  for (const id of ids) {
    if (state.queue.running()?.promptId === id) {
      state.worker.interrupt();
      cancelled = true;
    } else if (state.queue.remove(id)) {
      state.ledger.append('prompt_deleted', { prompt_id: id });
      state.announceQueue();
      cancelled = true;
    }
  }
  return cancelled;
}

function cancelMany(request: SimRequest, state: ServerState): Reply {
  const ids = readObjectBody(request).get('job_ids');
  if (!Array.isArray(ids)) throw new HandlerRaised('job_ids is not a list');
  return replyJson({
    cancelled: cancel(
      ids.filter((id) => typeof id === 'string'),
      state,
    ),
  });
}

/** Jobs of later servers (protocol 16); only below /api, only in the `new` profile. */
export const JOB_ROUTES: readonly Route[] = [
  route('GET', '/jobs', listJobs, 'api'),
  route('GET', '/jobs/{id}', findJob, 'api'),
  route('POST', '/jobs/cancel', cancelMany, 'api'),
  route(
    'POST',
    '/jobs/{id}/cancel',
    (request, state) => replyJson({ cancelled: cancel(request.params, state) }),
    'api',
  ),
];
