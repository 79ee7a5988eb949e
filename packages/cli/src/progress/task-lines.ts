import { isTerminal, type Progress, type StreamFrame, type Task, type TaskEvent } from '@comfleet/contract';
import { toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

export interface TaskLinesOptions {
  readonly texts: CliTexts;
  /** Monotonic time at which the person asked for the task; null: it was there before, and its own run time is told. */
  readonly startedAtMs: number | null;
  /** Monotonic time at which its frames begin. */
  readonly followedAtMs: number;
  /** A warning for each such stretch without a message (PR2). */
  readonly silenceMs: number;
  /** False where a bar shows it instead. */
  readonly showPercent: boolean;
}

type EndedTask = Pick<Task, 'status' | 'message' | 'message_text' | 'error' | 'duration_seconds'>;

/** Turns the frames of one task into the lines of v1 (PR1, PR2), each said once. */
export class TaskLines {
  readonly #options: TaskLinesOptions;
  readonly #taskId: string;
  #promptId: string | null = null;
  #node: string | null = null;
  #step: string | null = null;
  #queue: number | null = null;
  /** What it waits for, in words; null once its prompt runs. */
  #waitsFor: string | null = null;
  #isQueued = false;
  #updatedAtMs: number;
  #warned = 0;

  constructor(taskId: string, options: TaskLinesOptions) {
    this.#taskId = taskId;
    this.#options = options;
    this.#updatedAtMs = options.followedAtMs;
  }

  /** What to say about a frame that came at `nowMs` (monotonic). */
  take(frame: StreamFrame, nowMs: number): string[] {
    this.#updatedAtMs = nowMs;
    this.#warned = 0;
    switch (frame.kind) {
      case 'snapshot':
        return this.#takeTask(frame.task);
      case 'event':
        return [
          ...this.#takeEvent(frame.event, frame.task),
          ...(frame.task === null ? [] : this.#takeTask(frame.task)),
        ];
      case 'progress':
        return this.#takeProgress(frame.progress);
      case 'preview':
        return [];
    }
  }

  /** True when a warning is due about a task that was in a queue when last heard of: its place there may have changed unheard. */
  needsReading(nowMs: number): boolean {
    return this.#isQueued && this.#countSilence(nowMs) > this.#warned;
  }

  /** What to say about a task that was read again; nothing if it left the queue. A change of what it waits for ends the silence. */
  takeReading(task: Task, nowMs: number): string[] {
    if (!this.#isQueued || !isQueued(task)) return [];
    const before = this.#waitsFor;
    const lines = this.#takeTask(task);
    if (this.#waitsFor !== before) {
      this.#updatedAtMs = nowMs;
      this.#warned = 0;
    }
    return lines;
  }

  /** The warning that is due at `nowMs`; null when there is none. */
  warn(nowMs: number): string | null {
    const { texts } = this.#options;
    const stretches = this.#countSilence(nowMs);
    if (stretches <= this.#warned) return null;
    this.#warned = stretches;
    const seconds = Math.floor((nowMs - this.#updatedAtMs) / 1000);
    if (this.#waitsFor !== null) return texts.say('cli.still_waiting', { seconds, reason: this.#waitsFor });
    return texts.say('cli.silent', { seconds, node: this.#node ?? texts.say('cli.no_node') });
  }

  /** The last line, of a task that has ended. */
  end(task: EndedTask, nowMs: number): string {
    const { texts, startedAtMs } = this.#options;
    const id = this.#promptId ?? this.#taskId;
    const seconds = startedAtMs === null ? (task.duration_seconds ?? 0) : (nowMs - startedAtMs) / 1000;
    if (task.status === 'succeeded') return texts.say('cli.done', { id, seconds: seconds.toFixed(2) });
    if (task.status === 'canceled') return texts.say('cli.canceled', { id });
    return texts.say('cli.failed', { id, message: describeError(task, texts) });
  }

  /** Whole stretches of silence until `nowMs`; 0 where no warning is wanted. */
  #countSilence(nowMs: number): number {
    const { silenceMs } = this.#options;
    return silenceMs <= 0 ? 0 : Math.floor((nowMs - this.#updatedAtMs) / silenceMs);
  }

  #takeTask(task: Task): string[] {
    const { texts } = this.#options;
    this.#isQueued = isQueued(task);
    if (this.#isQueued) this.#waitsFor = toPlainText(texts.sent(task.message_text, task.message));
    return [
      ...this.#takeQueue(this.#isQueued ? task.queue_position : null),
      ...(task.status === 'running' ? this.#takePrompt(task.prompt_id) : []),
      ...(task.status === 'running' && task.progress !== null ? this.#takeProgress(task.progress) : []),
    ];
  }

  #takeEvent(event: TaskEvent, task: Task | null): string[] {
    const { texts } = this.#options;
    const worker = toPlainText(event.worker_name ?? event.worker_id ?? '?');
    if (event.type === 'attempt.started') this.#waitsFor = null;
    if (event.type === 'attempt.submitted') {
      this.#isQueued = false;
      this.#waitsFor = texts.say('cli.others_first', { worker });
      return this.#takePrompt(event.prompt_id);
    }
    // The error of the last attempt is the task's: its end says it.
    const isLast = task !== null && isTerminal(task.status);
    if (event.type !== 'attempt.ended' || event.error === null || isLast) return [];
    const message = toPlainText(texts.error(event.error));
    const params = { number: event.attempt_number ?? 1, worker, message };
    return [texts.say('cli.attempt_ended', params)];
  }

  #takePrompt(promptId: string | null): string[] {
    if (promptId === null || promptId === this.#promptId) return [];
    this.#promptId = promptId;
    this.#node = null;
    this.#step = null;
    const { texts } = this.#options;
    return [texts.say('cli.submitted', { prompt: promptId }), texts.say('cli.waiting', { prompt: promptId })];
  }

  #takeQueue(position: number | null): string[] {
    if (position === this.#queue) return [];
    this.#queue = position;
    return position === null || position === 0
      ? []
      : [this.#options.texts.say('cli.queue', { tasks: position })];
  }

  #takeProgress(progress: Progress): string[] {
    const { texts, showPercent } = this.#options;
    this.#waitsFor = null;
    const { current_node: node, step, steps } = progress;
    const lines: string[] = [];
    if (node !== null && node !== this.#node) {
      this.#node = node;
      this.#step = null;
      lines.push(texts.say('cli.node', { node }));
    }
    const place = step === null || step === 0 || steps === null ? null : `${step}/${steps}`;
    if (showPercent && place !== null && step !== null && steps !== null && place !== this.#step) {
      this.#step = place;
      const percent = ((100 * step) / steps).toFixed(1);
      lines.push(texts.say('cli.progress', { percent, value: step, max: steps }));
    }
    return lines;
  }
}

function isQueued({ status }: Task): boolean {
  return status === 'queued' || status === 'held';
}

/** A failed task's cause in one line. */
export function describeError(
  task: Pick<Task, 'message' | 'message_text' | 'error'>,
  texts: CliTexts,
): string {
  return toPlainText(
    task.error === null ? texts.sent(task.message_text, task.message) : texts.error(task.error),
  );
}
