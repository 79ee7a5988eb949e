import { isTerminal, type Progress, type StreamFrame, type Task, type TaskId } from '@comfleet/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { watchSession } from '../../people/identity/watch-session.ts';
import { SseStream } from '../../platform/http/sse-stream.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { principalOf, sessionOf } from '../authentication.ts';
import type { ComfyV2Deps } from './comfy-v2-deps.ts';
import { toJobOutput, toJobProgress, toJobStatus } from './job-view.ts';
import { createSurface, type Surface } from './surface.ts';

const POSITION_PERIOD_MS = 2000;
/** The contract sends progress about twice a second. */
const PROGRESS_PERIOD_MS = 500;

/**
 * Streams a job's live events under the contract's names: status, progress, preview, output; no ids, no resumption. Starts
 * with the current state and ends after the terminal status. Before that, throws TASK_NOT_FOUND and TOO_MANY_STREAMS.
 */
export async function streamJob(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ComfyV2Deps,
  id: TaskId,
): Promise<FastifyReply> {
  const actor = principalOf(request);
  await deps.tasks.load(actor, id);
  const session = sessionOf(request);
  const freeSlot = deps.slots.take(session.principal.id);
  const surface = createSurface(request, deps.config.current, deps.links);
  const stream = new SseStream(request, reply, deps.clock);
  const { stop: stopWatching } = watchSession(deps, session, () => stream.end());
  const onStop = (): void => stream.end();
  deps.signal.addEventListener('abort', onStop, { once: true });
  const events = new JobEvents(stream, surface, deps.clock);
  const stopAsking = askForPosition(deps, events, () => deps.tasks.load(actor, id));
  try {
    for await (const frame of deps.tasks.watch(actor, id, null, stream.signal)) events.take(frame);
  } catch (thrown) {
    if (!stream.signal.aborted) {
      deps.logger.error('stream.failed', { requestId: request.id, error: thrown });
    }
  } finally {
    stopAsking();
    events.stop();
    deps.signal.removeEventListener('abort', onStop);
    stopWatching();
    freeSlot();
    stream.end();
  }
  return reply;
}

/** Converts frames to the contract's events; a status is sent only if it differs from the last one. */
class JobEvents {
  readonly #stream: Pick<SseStream, 'send'>;
  readonly #surface: Surface;
  readonly #clock: Clock;
  #lastStatus = '';
  #hasEnded = false;
  /** Null while progress may be sent at once; else the newest to send next. */
  #waiting: { progress: Progress | null } | null = null;
  #cancelTurn = (): void => {};
  /** Incremented by every frame: what was read before a frame is outdated. */
  frames = 0;
  isQueued = false;

  constructor(stream: Pick<SseStream, 'send'>, surface: Surface, clock: Clock) {
    this.#stream = stream;
    this.#surface = surface;
    this.#clock = clock;
  }

  take(frame: StreamFrame): void {
    this.frames += 1;
    switch (frame.kind) {
      case 'snapshot':
        this.sendStatus(frame.task);
        if (frame.task.progress && !isTerminal(frame.task.status)) {
          this.#sendProgress(frame.task.progress);
        }
        return;
      case 'event':
        if (frame.task) this.#sendChange(frame.task);
        return;
      case 'progress':
        this.#sendProgress(frame.progress);
        return;
      case 'preview':
        this.#stream.send({ event: 'preview', data: frame.preview });
        return;
      default:
        frame satisfies never;
    }
  }

  sendStatus(task: Task): void {
    const data = { status: toJobStatus(task), queue_position: task.queue_position };
    this.isQueued = data.status === 'queued';
    const text = JSON.stringify(data);
    if (text === this.#lastStatus) return;
    this.#lastStatus = text;
    this.#stream.send({ event: 'status', data });
  }

  stop(): void {
    this.#cancelTurn();
  }

  /** Each is a complete snapshot, so only the newest is sent if they arrive too fast. */
  #sendProgress(progress: Progress): void {
    if (this.#waiting) {
      this.#waiting.progress = progress;
      return;
    }
    this.#stream.send({ event: 'progress', data: toJobProgress(progress) });
    this.#waiting = { progress: null };
    this.#cancelTurn = this.#clock.setTimer(PROGRESS_PERIOD_MS, () => {
      const newest = this.#waiting?.progress;
      this.#waiting = null;
      if (newest) this.#sendProgress(newest);
    });
  }

  /**
   * Outputs are committed together with the end, so they are sent just before the terminal status. Several events of one
   * commit may show the end; it is sent once.
   */
  #sendChange(task: Task): void {
    if (this.#hasEnded) return;
    if (isTerminal(task.status)) {
      this.#hasEnded = true;
      this.stop();
      for (const result of task.results) {
        this.#stream.send({ event: 'output', data: toJobOutput(result, task.task_id, this.#surface) });
      }
    }
    this.sendStatus(task);
  }
}

/** Polls the queue position while the job waits, because its changes cause no event. Sends each change. */
function askForPosition(deps: ComfyV2Deps, events: JobEvents, load: () => Promise<Task>): () => void {
  let cancelTimer = (): void => {};
  let isStopped = false;
  const ask = async (): Promise<void> => {
    const seen = events.frames;
    if (events.isQueued) {
      const task = await load();
      if (!isStopped && events.frames === seen) events.sendStatus(task);
    }
    schedule();
  };
  const schedule = (): void => {
    if (isStopped) return;
    cancelTimer = deps.clock.setTimer(POSITION_PERIOD_MS, () => {
      ask().catch((thrown: unknown) => {
        // The queue position is a convenience: the stream continues without it.
        deps.logger.warn('stream.position_failed', { error: thrown });
        schedule();
      });
    });
  };
  schedule();
  return () => {
    isStopped = true;
    cancelTimer();
  };
}
