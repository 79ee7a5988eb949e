import {
  type FollowedEnd,
  type Graph,
  listOutputNodes,
  type PromptFollower,
  parseGraph,
  parseLosslessJson,
  startTimeSlice,
  type TimeSlice,
} from '@comfleet/comfyui';
import { AppError } from '../../platform/errors/app-error.ts';
import { failpoint } from '../../platform/lifecycle/failpoints.ts';
import {
  type AttemptEnd,
  type AttemptJob,
  type Ended,
  notCollected,
  type RunnerDeps,
} from './attempt-job.ts';
import { AttemptSteps } from './attempt-steps.ts';
import { collectEnd } from './collect-end.ts';
import { EarlyEnd } from './end-early.ts';
import { endAttempt } from './ending.ts';
import { nameFailedNodes } from './name-failed-nodes.ts';
import { OutputWatch } from './output-watch.ts';
import { createTag, type PreparedGraph, prepareGraph, withInputs } from './prepare-graph.ts';
import { readSurely } from './read-surely.ts';
import { readSilenceLimitMs, SilenceWatch } from './silence-watch.ts';
import { openSendSignal, waitForAbort } from './stop-signals.ts';
import { submitAttempt } from './submit-attempt.ts';
import { uploadInputs } from './upload-inputs.ts';
import { wasNeverSent } from './was-never-sent.ts';

export type {
  AttemptEnd,
  AttemptJob,
  RunnerDeps,
  RunningWorker,
  StopReason,
} from './attempt-job.ts';

/**
 * Runs one attempt of a task on one worker, from the claim to the bytes: inputs, POST, following, outputs. It commits only its
 * steps; the caller decides how the task goes on. Returns null when the server shuts down and the prompt may be on the worker:
 * the attempt stays open, and the next start resumes it.
 */
export async function runAttempt(deps: RunnerDeps, job: AttemptJob): Promise<AttemptEnd | null> {
  const steps = new AttemptSteps(deps, job.attempt);
  const run = new AttemptRun(deps, job, steps);
  try {
    const ended = await run.execute();
    // What a shutdown interrupted stays open: the next start looks it up on the worker.
    const isCutShort = job.stop.reason === 'shutdown' && ended?.result.ending !== 'succeeded';
    if (ended === null || isCutShort) return await shutDown(run, steps);
    return { ...ended, steps: await steps.take(), attempt: steps.attempt };
  } catch (thrown) {
    if (job.stop.reason === 'shutdown') return shutDown(run, steps);
    throw thrown;
  } finally {
    job.worker.tracker.untrack(job.attempt.prompt_id);
  }
}

/** An unsent attempt ends here: the next start need not look it up. */
async function shutDown(run: AttemptRun, steps: AttemptSteps): Promise<AttemptEnd | null> {
  if (run.isUnsent) return { ...neverSent(), steps: await steps.take(), attempt: steps.attempt };
  await steps.store();
  return null;
}

function neverSent(): Ended {
  return notCollected(endAttempt('lost', 'PROMPT_LOST', { reason: 'never sent', dispatched: false }));
}

/** A prompt that is on its worker or being sent there. */
interface SentPrompt {
  prepared: PreparedGraph;
  follower: PromptFollower;
  outputs: OutputWatch;
}

class AttemptRun {
  readonly #deps: RunnerDeps;
  readonly #job: AttemptJob;
  readonly #steps: AttemptSteps;
  readonly #silence: SilenceWatch;
  readonly #early: EarlyEnd;
  /** Graphs may be large, and many attempts start at once: others get a turn between any two passes over a graph. */
  readonly #slice: TimeSlice;
  /** Number of the socket connection before the POST; null when the socket was closed. */
  #connection: number | null = null;
  #isSent: boolean;

  constructor(deps: RunnerDeps, job: AttemptJob, steps: AttemptSteps) {
    this.#deps = deps;
    this.#job = job;
    this.#steps = steps;
    this.#slice = startTimeSlice(deps.clock);
    this.#early = new EarlyEnd(deps, job, steps);
    this.#isSent = job.resumed;
    const { worker, attempt, task } = job;
    const { tracker } = worker;
    this.#silence = new SilenceWatch({
      limitMs: readSilenceLimitMs(task),
      clock: deps.clock,
      isRunning: () => tracker.isRunning(attempt.prompt_id),
      isConnected: () => tracker.connection !== null && worker.socketId === attempt.socket_id,
    });
  }

  /** True if its POST has certainly not begun, in this process or an earlier one. */
  get isUnsent(): boolean {
    return !this.#isSent;
  }

  async execute(): Promise<Ended | null> {
    const graph = await this.#loadGraph();
    const ended = await this.#run(graph);
    if (ended === null || ended.result.ending === 'succeeded') return ended;
    return { ...ended, result: { ...ended.result, error: nameFailedNodes(graph, ended.result.error) } };
  }

  async #run(graph: Graph): Promise<Ended | null> {
    const { attempt, resumed, worker } = this.#job;
    await this.#slice.yieldIfSpent();
    const spelled = worker.spell(graph);
    await this.#slice.yieldIfSpent();
    const written = prepareGraph(spelled, createTag(attempt.id));
    const uploaded = resumed ? written : await this.#uploadInputs(written);
    if ('result' in uploaded) return uploaded;
    await this.#slice.yieldIfSpent();
    const forbidden = resumed ? null : await this.#refuseByPolicy(spelled);
    if (forbidden) return forbidden;
    const sent = this.#track(uploaded);
    if (!resumed) {
      const refused = await this.#submit(sent);
      if (refused) return refused;
    } else if (await wasNeverSent(this.#deps, this.#job)) {
      return neverSent();
    }
    failpoint(resumed ? 'resuming' : 'before_submitted');
    this.#steps.record(resumed ? 'attempt.adopted' : 'attempt.submitted');
    if (this.#steps.attempt.started_at === null) this.#job.onPhase('waiting');
    sent.follower.begin();
    return this.#finish(sent);
  }

  /** Rules may have been tightened while the task waited, and only now is the worker known that runs it. */
  async #refuseByPolicy(graph: Graph): Promise<Ended | null> {
    const { task, attempt, stop } = this.#job;
    const on = { workerId: attempt.worker_id, graph, slice: this.#slice };
    const details = await readSurely(this.#deps, stop, () => this.#deps.findRefusedNodes(task, on));
    return details && notCollected(endAttempt('refused', 'POLICY_REFUSED', details));
  }

  async #uploadInputs(prepared: PreparedGraph): Promise<PreparedGraph | Ended> {
    const { task, stop, worker } = this.#job;
    const { http } = worker;
    const inputs = await uploadInputs({ task, http, signal: stop, upload: this.#deps.uploadInput });
    if (inputs.kind !== 'failed') return { ...prepared, graph: withInputs(prepared.graph, inputs.values) };
    worker.markSuspect();
    return notCollected(inputs.result);
  }

  async #loadGraph(): Promise<Graph> {
    const { task, stop } = this.#job;
    const text = await readSurely(this.#deps, stop, () => this.#deps.loadGraphText(task.graph_hash));
    await this.#slice.yieldIfSpent();
    const tree = parseLosslessJson(text);
    await this.#slice.yieldIfSpent();
    const parsed = parseGraph(tree);
    if (!parsed.ok) throw new AppError('INVALID_WORKFLOW', { problems: parsed.problems });
    return parsed.graph;
  }

  #recordProgress(): void {
    this.#silence.recordProgress();
    this.#job.onProgress();
  }

  #track(prepared: PreparedGraph): SentPrompt {
    const { task, attempt, worker, resumed } = this.#job;
    const follower = worker.tracker.track({
      promptId: attempt.prompt_id,
      graph: prepared.graph,
      outputNodeIds: listOutputNodes(prepared.graph),
      resumed,
      onStarted: () => {
        failpoint('running');
        this.#steps.record('attempt.started');
        this.#deps.onStarted(task);
        this.#job.onPhase('running');
        this.#recordProgress();
      },
      onProgress: (progress) => {
        this.#recordProgress();
        this.#deps.onProgress(task, progress);
      },
      onPreview: (nodeId, mimeType, image) => {
        this.#recordProgress();
        this.#deps.onPreview(task, nodeId, mimeType, image);
      },
    });
    const outputs = new OutputWatch({ task, prepared, worker, follower, clock: this.#deps.clock });
    return { prepared, follower, outputs };
  }

  async #submit({ prepared: { graph }, follower, outputs }: SentPrompt): Promise<Ended | null> {
    const { task, attempt, worker, stop } = this.#job;
    const secrets = await readSurely(this.#deps, stop, () => this.#deps.loadSecrets(task.id));
    await this.#slice.yieldIfSpent();
    if (stop.reason === 'shutdown') return neverSent();
    this.#isSent = true;
    if (this.#deps.isPaid(task)) {
      const unsent = await this.#recordSending();
      if (unsent) return unsent;
    }
    const watch = worker.expectStatus();
    this.#connection = worker.tracker.connection;
    const submitted = await this.#untilWorkerLost((signal) =>
      submitAttempt({
        http: worker.http,
        graph,
        promptId: attempt.prompt_id,
        socketId: worker.socketId,
        extraData: {
          ...(worker.takesPreviewMethod && { preview_method: this.#deps.previewMethod() }),
          ...secrets,
          comfleet: { task: task.id, attempt: attempt.id, epoch: attempt.epoch },
        },
        signal,
        clock: this.#deps.clock,
        logger: this.#deps.logger,
        ended: follower.ended,
        onAccepted: () => watch.accepted(),
      }),
    );
    if (submitted?.kind === 'submitted') outputs.setNodeErrors(submitted.nodeErrors);
    if (submitted === null || submitted.kind === 'submitted') return null;
    watch.cancel();
    if (submitted.mayLand) this.#early.watchForLatePrompt();
    return notCollected(submitted.result);
  }

  /**
   * Stores the submission of a prompt with paid nodes before its POST. So an attempt that is only claimed in SQL was certainly
   * not sent, and any other may have been. Returns an end if the attempt is to be stopped already.
   */
  async #recordSending(): Promise<Ended | null> {
    const { stop } = this.#job;
    if (stop.reason === 'canceled') return notCollected(endAttempt('interrupted', 'CANCELED'));
    if (stop.aborted) return neverSent();
    this.#steps.record('attempt.submitted');
    await readSurely(this.#deps, stop, () => this.#steps.storeNow());
    return null;
  }

  /** Returns null when the worker is lost in the meantime: the prompt is then followed as if it had been sent. */
  async #untilWorkerLost<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    const { stop } = this.#job;
    const sending = openSendSignal(stop, this.#deps.clock);
    try {
      return await step(sending.signal);
    } catch (thrown) {
      if (stop.reason === 'worker_lost' || stop.reason === 'worker_died') return null;
      throw thrown;
    } finally {
      sending.close();
    }
  }

  async #finish(sent: SentPrompt): Promise<Ended | null> {
    const over = await this.#untilOver(sent);
    const ended = over !== null && 'end' in over ? await this.#conclude(sent, over) : over;
    return ended && { ...ended, warnings: [...sent.outputs.warnings(), ...ended.warnings] };
  }

  async #conclude({ prepared, outputs }: SentPrompt, over: FollowedEnd): Promise<Ended | null> {
    const refused = over.end.kind === 'succeeded' ? outputs.check() : null;
    if (refused) return notCollected(refused);
    const ended = { deps: this.#deps, job: this.#job, steps: this.#steps, prepared };
    return collectEnd({ ...ended, isSameProcess: this.#isSameProcess() }, over);
  }

  async #untilOver({ follower, outputs }: SentPrompt): Promise<Ended | FollowedEnd | null> {
    this.#silence.start();
    outputs.start();
    const stopped = waitForAbort(this.#job.stop);
    const first = await Promise.race([follower.ended, stopped, this.#silence.exceeded, outputs.refused]);
    this.#silence.stop();
    outputs.stop();
    if (first === 'aborted') return this.#early.stop(follower);
    if (first === 'silent') return this.#early.stalled(follower);
    return 'refused' in first ? this.#early.refuse(follower, first.refused) : first;
  }

  /** True when the socket has not closed since the POST, so that the worker did not restart. */
  #isSameProcess(): boolean {
    return this.#connection !== null && this.#connection === this.#job.worker.tracker.connection;
  }
}
