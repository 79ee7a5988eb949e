import { type Json, parseJson } from '../json/lossless-json.ts';
import { describeAsPython } from '../json/python-text.ts';
import { isJobId } from './job-ids.ts';
import { describeEnded, describeWaiting, JOB_STATUSES, type Job } from './job-records.ts';
import { type Reply, replyJson, type SimRequest } from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

/** A refused query, with the reason. */
class BadQuery extends Error {}

interface JobQuery {
  readonly statuses: readonly string[] | undefined;
  readonly workflowId: string | undefined;
  readonly byDuration: boolean;
  readonly isAscending: boolean;
  readonly limit: number | undefined;
  readonly offset: number;
}

/** Checks parameters in ComfyUI's order. Throws BadQuery with ComfyUI's wording. */
function readQuery(query: URLSearchParams): JobQuery {
  const statuses = readStatuses(query.get('status'));
  const sortBy = (query.get('sort_by') ?? 'created_at').toLowerCase();
  if (sortBy !== 'created_at' && sortBy !== 'execution_duration')
    throw new BadQuery("sort_by must be 'created_at' or 'execution_duration'");
  const order = (query.get('sort_order') ?? 'desc').toLowerCase();
  if (order !== 'asc' && order !== 'desc') throw new BadQuery("sort_order must be 'asc' or 'desc'");
  const limit = readInteger(query, 'limit');
  if (limit !== undefined && limit <= 0) throw new BadQuery('limit must be a positive integer');
  return {
    statuses,
    workflowId: query.get('workflow_id') ?? undefined,
    byDuration: sortBy === 'execution_duration',
    isAscending: order === 'asc',
    limit,
    offset: Math.max(0, readInteger(query, 'offset') ?? 0),
  };
}

function readStatuses(text: string | null): readonly string[] | undefined {
  if (text === null || text === '') return undefined;
  const statuses = text.split(',').map((one) => one.trim().toLowerCase());
  const known: readonly string[] = JOB_STATUSES;
  const unknown = statuses.filter((one) => one !== '' && !known.includes(one));
  if (unknown.length === 0) return statuses;
  throw new BadQuery(
    `Invalid status value(s): ${unknown.join(', ')}. Valid values: ${JOB_STATUSES.join(', ')}`,
  );
}

function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new BadQuery(`${name} must be an integer`);
  return Number(text);
}

function collectJobs(state: ServerState): Job[] {
  const running = state.queue.running();
  return [
    ...(running === undefined ? [] : [describeWaiting(running, 'in_progress')]),
    ...state.queue.pending().map((item) => describeWaiting(item, 'pending')),
    ...state.history.list().map(({ item, end }) => describeEnded(item, end, false)),
  ];
}

function listJobs(request: SimRequest, state: ServerState): Reply {
  let jobQuery: JobQuery;
  try {
    jobQuery = readQuery(request.query);
  } catch (error) {
    if (error instanceof BadQuery) return replyJson({ error: error.message }, 400);
    throw error;
  }
  const { statuses, workflowId, byDuration, isAscending, limit, offset } = jobQuery;
  const key = (job: Job) => (byDuration ? job.durationMs : job.createdAt);
  const jobs = collectJobs(state)
    .filter((job) => statuses === undefined || statuses.includes(job.status))
    .filter((job) => workflowId === undefined || workflowId === '' || job.workflowId === workflowId)
    .sort((a, b) => (isAscending ? key(a) - key(b) : key(b) - key(a)));
  const page = jobs.slice(offset, limit === undefined ? undefined : offset + limit);
  const hasMore = offset + page.length < jobs.length;
  const pagination = { offset, limit: limit ?? null, total: jobs.length, has_more: hasMore };
  return replyJson({ jobs: page.map((job) => job.json), pagination });
}

/** History comes first: for a reused id the old end is reported. */
function findJob(request: SimRequest, state: ServerState): Reply {
  const [id = ''] = request.params;
  const ended = state.history.list().find(({ item }) => item.promptId === id);
  if (ended !== undefined) return replyJson(describeEnded(ended.item, ended.end, true).json);
  const running = state.queue.running();
  if (running?.promptId === id) return replyJson(describeWaiting(running, 'in_progress').json);
  const waiting = state.queue.pending().find((item) => item.promptId === id);
  if (waiting !== undefined) return replyJson(describeWaiting(waiting, 'pending').json);
  return replyJson({ error: 'Job not found' }, 404);
}

/** Interrupts a running job or removes a waiting one; true if it did. A dead worker's job is "cancelled" every time. */
function cancel(id: string, state: ServerState): boolean {
  if (state.queue.running()?.promptId === id) {
    state.worker.interrupt();
    return true;
  }
  const wasLast = state.queue.pending().length === 1;
  if (!state.queue.remove(id)) return false;
  state.ledger.append('prompt_deleted', { prompt_id: id });
  if (wasLast) state.announceQueue(); // ComfyUI then clears the queue, and announces it twice
  state.announceQueue();
  return true;
}

function cancelMany(request: SimRequest, state: ServerState): Reply {
  let body: Json;
  try {
    body = parseJson(request.body.toString('utf8'));
  } catch {
    return replyJson({ error: 'Request body must be valid JSON' }, 400);
  }
  const ids = body instanceof Map ? body.get('job_ids') : undefined;
  if (!Array.isArray(ids)) return replyJson({ error: 'job_ids must be a list' }, 400);
  const invalid = ids.filter((id) => !isJobId(id));
  if (invalid.length > 0) {
    const shown = invalid.map((id) => (typeof id === 'string' ? id : describeAsPython(id)));
    return replyJson({ error: 'job_ids contains invalid id(s)', invalid_ids: shown }, 400);
  }
  const cancelled = ids.filter(isJobId).map((id) => cancel(id, state));
  return replyJson({ cancelled: cancelled.includes(true) });
}

/** Jobs (0.6.0 and later), only below /api. */
export const JOB_ROUTES: readonly Route[] = [
  route('GET', '/jobs', listJobs, 'api'),
  route('GET', '/jobs/{id}', findJob, 'api'),
  route('POST', '/jobs/cancel', cancelMany, 'api'),
  route(
    'POST',
    '/jobs/{id}/cancel',
    (request, state) => replyJson({ cancelled: cancel(request.params[0] ?? '', state) }),
    'api',
  ),
];
