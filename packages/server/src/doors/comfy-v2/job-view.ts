import { isTerminal, type Progress, type RecordedError, type Result, type Task } from '@comfleet/contract';
import { hasCode } from '../../platform/errors/error-details.ts';
import type { ContentLink, Surface } from './surface.ts';

/** States of a job in the contract. */
export type JobStatus = 'queued' | 'running' | 'succeeded' | 'canceling' | 'canceled' | 'failed' | 'expired';

/** A held task is a queued job; a cancel request that has not taken effect is shown as canceling. */
export function toJobStatus(task: Pick<Task, 'status' | 'cancel_requested_at'>): JobStatus {
  if (isTerminal(task.status)) return task.status;
  if (task.cancel_requested_at !== null) return 'canceling';
  return task.status === 'running' ? 'running' : 'queued';
}

export interface JobProgress {
  value: number;
  nodes_done: number;
  nodes_total: number;
  current_node: string | null;
  current_node_class: string | null;
  step: number | null;
  steps: number | null;
  message: string | null;
}

export function toJobProgress(progress: Progress): JobProgress {
  const { value, nodes_done, nodes_total, current_node, current_node_class, step, steps } = progress;
  return {
    value,
    nodes_done,
    nodes_total,
    current_node,
    current_node_class,
    step,
    steps,
    message: toProgressMessage(progress),
  };
}

function toProgressMessage({ current_node, current_node_class, step, steps }: Progress): string | null {
  const name = current_node_class ?? current_node;
  if (name === null) return null;
  return step === null || steps === null ? name : `${name} ${step}/${steps}`;
}

export interface JobOutput extends ContentLink {
  node_id: string;
  name: string;
  type: Exclude<Result['kind'], '3d'>;
  content_type: string;
  size_bytes: number;
  id: string;
  hash: string;
  job_id: string;
}

export function toJobOutput(result: Result, jobId: string, surface: Surface): JobOutput {
  return {
    node_id: result.node_id,
    name: result.name,
    // The contract has no kind for 3D files.
    type: result.kind === '3d' ? 'file' : result.kind,
    content_type: result.content_type,
    size_bytes: result.size_bytes,
    id: result.asset_id,
    hash: result.hash,
    ...surface.linkTo(result.asset_id),
    job_id: jobId,
  };
}

/** Converts a task to a contract Job. */
export function toJob(task: Task, surface: Surface) {
  const { task_id: id, created_at, started_at, completed_at } = task;
  const self = `${surface.prefix}/api/v2/jobs/${id}`;
  return {
    id,
    status: toJobStatus(task),
    created_at,
    started_at,
    completed_at,
    expires_at: new Date(Date.parse(completed_at ?? created_at) + surface.jobLifeMs).toISOString(),
    queue_position: task.queue_position,
    // The last progress of an ended job is cleared shortly after its status changes, so it is hidden here.
    progress: task.progress === null || isTerminal(task.status) ? null : toJobProgress(task.progress),
    outputs: task.results.map((result) => toJobOutput(result, id, surface)),
    error: task.status === 'failed' || task.status === 'expired' ? toJobError(task.error) : null,
    metrics: {
      queue_ms: countMs(created_at, started_at),
      execution_ms: countMs(started_at, completed_at),
    },
    urls: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
}

function countMs(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from));
}

/** What failed, in the worker's own words if a graph node failed; never addresses or paths. */
function toJobError(error: RecordedError | null) {
  if (error === null) return null;
  const cause = readLastError(error) ?? error;
  const read = (key: string): string | null => {
    const value = cause.details?.[key];
    return typeof value === 'string' ? value : null;
  };
  const message = read('message');
  const kind = read('exception_type');
  return {
    code: error.code.toLowerCase(),
    message: message === null ? cause.message : kind === null ? message : `${kind}: ${message}`,
    node_id: read('node_id'),
    class_type: read('class_type'),
    traceback: read('traceback'),
  };
}

/** The error of the last attempt, if the task's own only reports that the attempts are used up. */
function readLastError(error: RecordedError): RecordedError | null {
  const isLast = hasCode(error, 'ATTEMPTS_EXHAUSTED') || hasCode(error, 'POISON_TASK');
  return isLast ? (error.details?.last_error ?? null) : null;
}
