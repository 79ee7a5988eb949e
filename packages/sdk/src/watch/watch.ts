import type { StreamFrame, Task } from '@comfleet/contract';
import { ComfleetError } from '../errors.ts';
import type { HttpTransport } from '../http/transport.ts';
import { nextWatchState, SeenFrames, type WatchState } from './next-watch.ts';
import { readStream } from './stream-frames.ts';

export interface WatchOptions {
  readonly signal?: AbortSignal;
  /** Show only events after this number. */
  readonly after?: number;
  /** A stream without a sign of life for this long is reopened. */
  readonly idleMs?: number;
  /** Between two polls once streams have failed. */
  readonly pollMs?: number;
  /** With no answer at all for this long the watch throws. */
  readonly giveUpAfterMs?: number;
}

/** What is watched: where its stream is, how to ask without it, and when it is over. */
export interface WatchSubject {
  readonly path: string;
  poll(signal?: AbortSignal): Promise<{ readonly tasks: readonly Task[]; readonly over: boolean }>;
  /** Called once for every frame that is shown. */
  isLast(frame: StreamFrame): boolean;
}

interface WatchRun {
  readonly transport: HttpTransport;
  readonly subject: WatchSubject;
  readonly seen: SeenFrames;
  readonly options: Required<Omit<WatchOptions, 'signal' | 'after'>> & { readonly signal?: AbortSignal };
  state: WatchState;
  /** Monotonic time of the last answer. */
  heardAtMs: number;
}

/**
 * Yields the frames of a subject until its end, whatever happens to the connection: reconnects with Last-Event-ID and
 * back-off, asks by polling where streams fail. Throws ComfleetError for refusals (401, 404, …) and after
 * `giveUpAfterMs` without an answer; the signal's reason when aborted.
 */
export async function* watchSubject(
  transport: HttpTransport,
  subject: WatchSubject,
  options: WatchOptions = {},
): AsyncGenerator<StreamFrame, void> {
  const run: WatchRun = {
    transport,
    subject,
    seen: new SeenFrames(options.after ?? null),
    options: { idleMs: 45_000, pollMs: 1_000, giveUpAfterMs: 300_000, ...withoutUndefined(options) },
    state: { mode: 'streaming', failures: 0 },
    heardAtMs: transport.clock.monotonicMs(),
  };
  while (run.state.mode !== 'ended') {
    if (run.state.mode === 'streaming') yield* streamOnce(run);
    else yield* pollOnce(run);
  }
}

async function* streamOnce(run: WatchRun): AsyncGenerator<StreamFrame, void> {
  const { transport, subject, seen, options } = run;
  const headers: Record<string, string> =
    seen.lastId === null ? {} : { 'last-event-id': String(seen.lastId) };
  let hadFrames = false;
  let error: ComfleetError | null = null;
  try {
    for await (const numbered of readStream(transport, { path: subject.path, headers }, options)) {
      hadFrames = true;
      run.heardAtMs = transport.clock.monotonicMs();
      if (!seen.accept(numbered)) continue;
      const last = subject.isLast(numbered.frame);
      if (last) run.state = nextWatchState(run.state, { type: 'finished' });
      yield numbered.frame;
      if (last) return;
    }
  } catch (cause) {
    error = toPassingError(cause, run);
  }
  await backOff(run, hadFrames, error);
}

async function backOff(run: WatchRun, hadFrames: boolean, error: ComfleetError | null): Promise<void> {
  run.state = nextWatchState(run.state, { type: 'stream.closed', hadFrames, error });
  if (run.state.mode !== 'streaming') return;
  const { clock, random } = run.transport;
  const delayMs = Math.round(250 * 2 ** (run.state.failures - 1) * (0.5 + random.fraction() / 2));
  await clock.sleep(delayMs, run.options.signal);
}

async function* pollOnce(run: WatchRun): AsyncGenerator<StreamFrame, void> {
  const { transport, subject, seen, options } = run;
  try {
    const { tasks, over } = await subject.poll(options.signal);
    run.heardAtMs = transport.clock.monotonicMs();
    for (const task of tasks) {
      if (seen.acceptPolled(task)) yield { kind: 'snapshot', task };
    }
    run.state = nextWatchState(run.state, { type: over ? 'finished' : 'polled' });
    if (over) return;
  } catch (cause) {
    toPassingError(cause, run);
  }
  await transport.clock.sleep(options.pollMs, options.signal);
}

/** Gives back what may pass by itself; throws what will not, and everything once the patience is over. */
function toPassingError(cause: unknown, run: WatchRun): ComfleetError {
  run.options.signal?.throwIfAborted();
  if (!(cause instanceof ComfleetError)) throw cause;
  const refused = cause.status >= 400 && cause.status < 500 && cause.status !== 429 && cause.status !== 408;
  const silentMs = run.transport.clock.monotonicMs() - run.heardAtMs;
  if (refused || silentMs >= run.options.giveUpAfterMs) throw cause;
  return cause;
}

function withoutUndefined(options: WatchOptions): WatchOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
