import { type FollowedEnd, listOutputNodes } from '@comfleet/comfyui';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import { failpoint } from '../../platform/lifecycle/failpoints.ts';
import { type AttemptJob, type Collected, type Ended, notCollected, type RunnerDeps } from './attempt-job.ts';
import type { AttemptSteps } from './attempt-steps.ts';
import { type ClassifiedEnd, classifyCollected, classifyEnd } from './classify-end.ts';
import { endAttempt } from './ending.ts';
import type { PreparedGraph } from './prepare-graph.ts';

const STORAGE_WAIT_MS = 5000;
const FREE_TIMEOUT_MS = 5000;
const MAX_NAMED = 10;

export interface EndedPrompt {
  deps: RunnerDeps;
  job: AttemptJob;
  steps: AttemptSteps;
  prepared: PreparedGraph;
  /** The worker's socket stayed open since the POST, so that its process is the same. */
  isSameProcess: boolean;
}

/** Turns the prompt's end into the attempt's end: fetches the files, or classifies the failure. Returns null at a shutdown. */
export async function collectEnd(
  ended: EndedPrompt,
  { end, finishedBy }: FollowedEnd,
): Promise<Ended | null> {
  const classified = classifyEnd(end);
  if (classified.kind === 'over') {
    const { code, details } = classified.result.error;
    if (code === 'OUT_OF_MEMORY') await freeMemory(ended);
    // Gone without a restart: a user removed it from the worker.
    const isRemoved = code === 'PROMPT_LOST' && ended.isSameProcess;
    const result = isRemoved ? endAttempt('lost', 'REMOVED_ON_WORKER', details) : classified.result;
    return { ...notCollected(result), finishedBy };
  }
  failpoint('before_download');
  try {
    const collected = await collect(ended, classified);
    failpoint('before_result_commit');
    return { ...concludeCollected(ended, collected), finishedBy };
  } catch (thrown) {
    const reason: unknown = ended.job.stop.reason;
    if (reason === 'shutdown') return null;
    // The prompt had ended, so it is not what took the worker down.
    if (reason === 'worker_lost' || reason === 'worker_died')
      return notCollected(endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: true, started: false }));
    const error = toError(thrown);
    const code = error instanceof AppError ? error.code : 'COLLECT_FAILED';
    const details = error instanceof AppError ? error.details : { cause: error.message };
    return { ...notCollected(endAttempt('failed', code, details)), finishedBy };
  }
}

/** Keeps fetched files with any end: whether they are delivered is decided with the next step. */
function concludeCollected({ job, prepared }: EndedPrompt, collected: Collected): Omit<Ended, 'finishedBy'> {
  const { problems, warnings, resultCount } = collected;
  const classified = classifyCollected(collected);
  const isCanceled = classified.ending !== 'succeeded' && job.stop.reason === 'canceled';
  const silent = resultCount === 0 && problems.length === 0 ? [describeSilence(prepared)] : [];
  return {
    result: isCanceled ? endAttempt('interrupted', 'CANCELED') : classified,
    collected,
    warnings: [...silent, ...warnings],
  };
}

/** Warns that no output node reported a result: files, if any, stay on the worker. */
function describeSilence({ graph, twins }: PreparedGraph): TaskText {
  const nodes = listOutputNodes(graph).filter((id) => !twins.has(id));
  const named = nodes.slice(0, MAX_NAMED).map((id) => `${id} (${graph[id]?.class_type ?? '?'})`);
  return { code: 'warning.no_results', params: { nodes: named.join(', ') } };
}

/** Frees the worker's GPU memory before anything else runs there (A10). */
async function freeMemory({ deps, job: { worker, attempt } }: EndedPrompt): Promise<void> {
  try {
    await worker.http.free({ unloadModels: true, freeMemory: true }, { timeoutMs: FREE_TIMEOUT_MS });
  } catch (thrown) {
    deps.logger.warn('worker.free_failed', { workerId: attempt.worker_id, error: thrown });
  }
}

/** Collects the outputs. While our disk is full the worker keeps the files, and the attempt stays `collecting` (D3). */
async function collect(
  { deps, job, steps, prepared }: EndedPrompt,
  { outputs, cachedNodeIds }: Extract<ClassifiedEnd, { kind: 'collect' }>,
): Promise<Collected> {
  const { task, worker, stop } = job;
  for (let isRecorded = false; ; isRecorded = true) {
    try {
      const { attempt } = steps;
      const { http } = worker;
      return await deps.collect({ task, attempt, outputs, cachedNodeIds, prepared, http, signal: stop });
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'STORAGE_FULL') throw thrown;
      deps.logger.error('storage.full', { taskId: task.id, ...thrown.details });
      if (!isRecorded) steps.record('attempt.collecting');
      await deps.clock.sleep(STORAGE_WAIT_MS, stop);
    }
  }
}
