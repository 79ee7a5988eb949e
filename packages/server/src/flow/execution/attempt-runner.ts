import type { CollectedOutput, ComfyHttp, ProgressState } from '@comfleet/comfyui';
import { type Graph, parseGraph, parseLosslessJson, readRequirements } from '@comfleet/comfyui';
import type { Write } from '../../platform/database/database.ts';
import type { AttemptRow, TaskRow } from '../../platform/database/schema.ts';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import { reach } from '../../platform/lifecycle/failpoints.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskChange } from '../tasks/task-change.ts';
import { AttemptSteps, type StepDeps } from './attempt-steps.ts';
import { type AttemptResult, endAttempt } from './ending.ts';
import { judgeEnd } from './judge-end.ts';
import { createTag, type InputFile, type PreparedGraph, prepareGraph, withInputs } from './prepare-graph.ts';
import type { FinishedBy, FollowedEnd, PromptFollower } from './prompt-follower.ts';
import { lookForPrompt, stopPrompt, submitPrompt } from './submit-prompt.ts';
import type { WorkerTracker } from './worker-tracker.ts';

/** The worker an attempt runs on, as much of it as running needs. */
export interface RunningWorker {
  readonly http: ComfyHttp;
  readonly tracker: WorkerTracker;
  readonly socketId: string;
  expectStatus(): { accepted(): void; cancel(): void };
  suspect(): void;
}

/** Outputs on their way into the store: what the final commit adds beside the task's own change. */
export interface Collected {
  writes: Write[];
  /** After the commit: readable copies, events. */
  publish: () => void;
}

export interface RunnerDeps extends StepDeps {
  clock: Clock;
  logger: Logger;
  loadGraphText(hash: string): Promise<string>;
  loadSecrets(taskId: string): Promise<Record<string, unknown>>;
  /** Pushes a file of ours to the worker and answers the value its graph input must have. */
  uploadInput(input: InputFile, http: ComfyHttp, signal: AbortSignal): Promise<string>;
  collect(job: {
    task: TaskRow;
    attempt: AttemptRow;
    outputs: readonly CollectedOutput[];
    prepared: PreparedGraph;
    http: ComfyHttp;
    signal: AbortSignal;
  }): Promise<Collected>;
  onProgress(task: TaskRow, progress: ProgressState, available: boolean): void;
  onPreview(task: TaskRow, nodeId: string, mimeType: string, image: Uint8Array): void;
}

export interface AttemptJob {
  task: TaskRow;
  attempt: AttemptRow;
  worker: RunningWorker;
  /** Found open after a restart: nothing is sent, the prompt is looked for. */
  adopted: boolean;
  /** Aborted for a reason in words when the attempt must stop: `StopReason`. */
  stop: AbortSignal;
  /** The prompt stands in the worker's queue, or runs. */
  onPhase: (phase: 'waiting' | 'running') => void;
}

/** Why a running attempt is stopped from outside. */
export type StopReason = 'canceled' | 'timeout' | 'worker_lost' | 'shutdown' | 'taken_back';

export interface AttemptEnd {
  result: AttemptResult;
  steps: TaskChange[];
  attempt: AttemptRow;
  collected: Collected | null;
  finishedBy: FinishedBy | null;
}

const STOP_WAIT_MS = 10_000;
const STORAGE_WAIT_MS = 5000;

/**
 * One try of a task on one worker, from the claim to the bytes: inputs, POST, following, outputs. It commits only its
 * steps; how the task goes on is decided by who called it. Answers null when the server shuts down: the attempt stays
 * open and is adopted by the next start.
 */
export async function runAttempt(deps: RunnerDeps, job: AttemptJob): Promise<AttemptEnd | null> {
  const steps = new AttemptSteps(deps, job.attempt);
  const run = new AttemptRun(deps, job, steps);
  try {
    const ended = await run.execute();
    // Whatever a shutdown cut short stays open: the next start looks for it on the worker.
    const isCutShort = job.stop.reason === 'shutdown' && ended?.result.ending !== 'succeeded';
    if (ended === null || isCutShort) return await leaveOpen(steps);
    return { ...ended, steps: await steps.take(), attempt: steps.attempt };
  } catch (thrown) {
    if (job.stop.reason === 'shutdown') return leaveOpen(steps);
    throw thrown;
  } finally {
    job.worker.tracker.untrack(job.attempt.prompt_id);
  }
}

async function leaveOpen(steps: AttemptSteps): Promise<null> {
  await steps.store();
  return null;
}

type Ended = Pick<AttemptEnd, 'result' | 'collected' | 'finishedBy'>;

class AttemptRun {
  readonly #deps: RunnerDeps;
  readonly #job: AttemptJob;
  readonly #steps: AttemptSteps;

  constructor(deps: RunnerDeps, job: AttemptJob, steps: AttemptSteps) {
    this.#deps = deps;
    this.#job = job;
    this.#steps = steps;
  }

  async execute(): Promise<Ended | null> {
    const { attempt, adopted } = this.#job;
    let prepared = prepareGraph(await this.#loadGraph(), createTag(attempt.id));
    if (!adopted) {
      const inputs = await this.#uploadInputs();
      if ('result' in inputs) return inputs;
      prepared = { ...prepared, graph: withInputs(prepared.graph, inputs.values) };
    }
    const follower = this.#track(prepared);
    if (!adopted) {
      const refused = await this.#submit(prepared.graph, follower);
      if (refused) return refused;
    } else if (await this.#wasNeverSent()) {
      return notCollected(endAttempt('lost', 'PROMPT_LOST', { reason: 'never sent', dispatched: false }));
    }
    reach(adopted ? 'adopting' : 'before_submitted');
    this.#steps.note(adopted ? 'attempt.adopted' : 'attempt.submitted');
    if (this.#steps.attempt.started_at === null) this.#job.onPhase('waiting');
    follower.begin();
    return this.#finish(follower, prepared);
  }

  async #loadGraph(): Promise<Graph> {
    const parsed = parseGraph(parseLosslessJson(await this.#deps.loadGraphText(this.#job.task.graph_hash)));
    if (!parsed.ok) throw new AppError('INVALID_WORKFLOW', { problems: parsed.problems });
    return parsed.graph;
  }

  async #uploadInputs(): Promise<{ values: { nodeId: string; inputName: string; value: string }[] } | Ended> {
    const { task, worker, stop } = this.#job;
    const files = readInputFiles(task);
    const values: { nodeId: string; inputName: string; value: string }[] = [];
    for (const file of files) {
      try {
        values.push({ ...file, value: await this.#deps.uploadInput(file, worker.http, stop) });
      } catch (thrown) {
        if (stop.reason === 'shutdown') throw thrown;
        worker.suspect();
        return notCollected(
          endAttempt('failed', 'INPUT_UPLOAD_FAILED', {
            asset_id: file.assetId,
            cause: toError(thrown).message,
          }),
        );
      }
    }
    return { values };
  }

  #track(prepared: PreparedGraph): PromptFollower {
    const { task, attempt, worker, adopted } = this.#job;
    return worker.tracker.track({
      promptId: attempt.prompt_id,
      graph: prepared.graph,
      expectedOutputNodeIds: readRequirements(prepared.graph).outputNodeIds,
      adopted,
      onStarted: () => {
        reach('running');
        this.#steps.note('attempt.started');
        this.#job.onPhase('running');
      },
      onProgress: (progress, available) => this.#deps.onProgress(task, progress, available),
      onPreview: (nodeId, mimeType, image) => this.#deps.onPreview(task, nodeId, mimeType, image),
    });
  }

  async #submit(graph: Graph, follower: PromptFollower): Promise<Ended | null> {
    const { task, attempt, worker, stop } = this.#job;
    // A cancel does not cut the POST short: a prompt that may have arrived is stopped on the worker, not forgotten.
    const signal = onlyShutdown(stop);
    const secrets = await this.#deps.loadSecrets(task.id);
    const watch = worker.expectStatus();
    const submitted = await submitPrompt({
      http: worker.http,
      graph,
      promptId: attempt.prompt_id,
      socketId: worker.socketId,
      extraData: { ...secrets, comfleet: { task: task.id, attempt: attempt.id, epoch: attempt.epoch } },
      signal,
      clock: this.#deps.clock,
      logger: this.#deps.logger,
      ended: follower.ended,
      onAccepted: () => watch.accepted(),
    });
    if (submitted.kind === 'submitted') return null;
    watch.cancel();
    if (submitted.mayLand) worker.tracker.abandon(attempt.prompt_id);
    if (submitted.result.error.code === 'WORKER_UNREACHABLE') worker.suspect();
    return notCollected(submitted.result);
  }

  /** Our last process may have died before, in or after the POST: it is looked for as long as any unclear one (P6). */
  async #wasNeverSent(): Promise<boolean> {
    const { attempt, worker, stop } = this.#job;
    if (attempt.state !== 'claimed') return false;
    const { clock, logger } = this.#deps;
    try {
      const job = { http: worker.http, promptId: attempt.prompt_id, clock, logger, signal: stop };
      // A worker that does not answer may have it: the prompt is followed until the worker tells.
      return (await lookForPrompt(job)) === 'absent';
    } catch (thrown) {
      // Canceled meanwhile: what may be there is stopped like any other.
      if (!stop.aborted || stop.reason === 'shutdown') throw thrown;
      return false;
    }
  }

  async #finish(follower: PromptFollower, prepared: PreparedGraph): Promise<Ended | null> {
    const stopped = waitForAbort(this.#job.stop);
    const first = await Promise.race([follower.ended, stopped]);
    if (first === 'aborted') return this.#stop(follower);
    return this.#settle(first, prepared);
  }

  async #settle(followed: FollowedEnd, prepared: PreparedGraph): Promise<Ended | null> {
    const { finishedBy } = followed;
    const judged = judgeEnd(followed.end);
    if (judged.kind === 'over') return { result: judged.result, collected: null, finishedBy };
    reach('before_download');
    try {
      const collected = await this.#collect(judged.outputs, prepared);
      reach('before_result_commit');
      return { result: { ending: 'succeeded' }, collected, finishedBy };
    } catch (thrown) {
      if (this.#job.stop.reason === 'shutdown') return null;
      const error = toError(thrown);
      const code = error instanceof AppError ? error.code : 'COLLECT_FAILED';
      const details = error instanceof AppError ? error.details : { cause: error.message };
      return { result: endAttempt('failed', code, details), collected: null, finishedBy };
    }
  }

  /** Without room on our disk the worker keeps the files and the attempt stays `collecting` until there is (D3). */
  async #collect(outputs: readonly CollectedOutput[], prepared: PreparedGraph): Promise<Collected> {
    const { task, worker, stop } = this.#job;
    for (let noted = false; ; noted = true) {
      try {
        const attempt = this.#steps.attempt;
        return await this.#deps.collect({
          task,
          attempt,
          outputs,
          prepared,
          http: worker.http,
          signal: stop,
        });
      } catch (thrown) {
        if (!(thrown instanceof AppError) || thrown.code !== 'STORAGE_FULL') throw thrown;
        this.#deps.logger.error('storage.full', { taskId: task.id, ...thrown.details });
        if (!noted) this.#steps.note('attempt.collecting');
        await this.#deps.clock.sleep(STORAGE_WAIT_MS, stop);
      }
    }
  }

  /** Stops the prompt on its worker and sees it gone before the slot counts as free. */
  async #stop(follower: PromptFollower): Promise<Ended | null> {
    const reason: unknown = this.#job.stop.reason;
    if (reason === 'shutdown') return null;
    const { worker, attempt, task } = this.#job;
    if (reason === 'taken_back') return notCollected(endAttempt('interrupted', 'TAKEN_BACK'));
    if (reason === 'worker_lost') {
      worker.tracker.abandon(attempt.prompt_id);
      return notCollected(endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: true }));
    }
    try {
      await stopPrompt(worker.http, attempt.prompt_id);
      await Promise.race([follower.ended, waitUntilGone(worker.http, attempt.prompt_id, this.#deps.clock)]);
    } catch (thrown) {
      this.#deps.logger.warn('prompt.stop_failed', {
        taskId: task.id,
        promptId: attempt.prompt_id,
        error: toError(thrown).message,
      });
    }
    const result =
      reason === 'timeout'
        ? endAttempt('interrupted', 'EXECUTION_TIMEOUT', { timeout_seconds: task.timeout_ms / 1000 })
        : endAttempt('interrupted', 'CANCELED');
    return notCollected(result);
  }
}

function notCollected(result: AttemptResult): Ended {
  return { result, collected: null, finishedBy: null };
}

/** A deleted prompt leaves no message and no history: the queue is the witness. */
async function waitUntilGone(http: ComfyHttp, promptId: string, clock: Clock): Promise<void> {
  const startMs = clock.monotonicMs();
  while (clock.monotonicMs() - startMs < STOP_WAIT_MS) {
    const { running, pending } = await http.loadQueue({ timeoutMs: 5000 });
    if (![...running, ...pending].some((item) => item.promptId === promptId)) return;
    await clock.sleep(100);
    if (running.some((item) => item.promptId === promptId))
      await http.interrupt(promptId, { timeoutMs: 5000 });
  }
  throw new AppError('WORKER_UNREACHABLE', { reason: 'the prompt did not stop' });
}

/** Aborts when the server stops, and for no other reason. */
function onlyShutdown(stop: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const pass = () => {
    if (stop.reason === 'shutdown') controller.abort(stop.reason);
  };
  if (stop.aborted) pass();
  else stop.addEventListener('abort', pass, { once: true });
  return controller.signal;
}

function waitForAbort(signal: AbortSignal): Promise<'aborted'> {
  if (signal.aborted) return Promise.resolve('aborted');
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

function readInputFiles(task: TaskRow): InputFile[] {
  const requirements: { inputs?: InputFile[] } = JSON.parse(task.requirements);
  return requirements.inputs ?? [];
}
