import type { StreamFrame, Task, TaskDetail } from '@comfleet/contract';
import type { Session } from '../context.ts';
import type { Terminal } from '../platform/terminal.ts';
import { openProgressView, type ProgressView } from './progress-bar.ts';
import { TaskLines } from './task-lines.ts';

export interface FollowOptions {
  /** Monotonic time at which the person asked for the task; without it its own run time is told at the end. */
  readonly startedAtMs?: number;
  /** Seconds without a message before a warning. */
  readonly silenceSeconds: number;
  readonly onFrame?: (frame: StreamFrame) => void;
}

/** Shows a task's progress on stderr until its end and gives the ended task. */
export async function followTask(
  { comfleet, context }: Session,
  taskId: string,
  options: FollowOptions,
): Promise<TaskDetail> {
  const { terminal, texts } = context;
  const view = await openProgressView(terminal, texts);
  const silenceMs = options.silenceSeconds * 1000;
  const lines = new TaskLines(taskId, {
    texts,
    startedAtMs: options.startedAtMs ?? null,
    followedAtMs: terminal.clock.monotonicMs(),
    silenceMs,
    showPercent: !view.hasBar,
  });
  // A server that does not answer ends the watch below, which reports it: here the warning is given without a reading.
  const read = () => comfleet.tasks.load(taskId, { signal: terminal.signal }).catch(() => null);
  const { clock } = terminal;
  const stopWarnings = silenceMs > 0 ? warnWhenSilent({ clock, view, lines, read }) : () => undefined;
  try {
    for await (const frame of comfleet.tasks.watch(taskId, { signal: terminal.signal })) {
      for (const line of lines.take(frame, terminal.clock.monotonicMs())) view.line(line);
      showBar(view, frame);
      options.onFrame?.(frame);
    }
    const task = await comfleet.tasks.load(taskId, { signal: terminal.signal });
    view.line(lines.end(task, terminal.clock.monotonicMs()));
    return task;
  } finally {
    stopWarnings();
    view.close();
  }
}

function showBar(view: ProgressView, frame: StreamFrame): void {
  const progress =
    frame.kind === 'progress' ? frame.progress : frame.kind === 'snapshot' ? frame.task.progress : null;
  if (progress === null) return;
  const { value, current_node_class: node, step, steps } = progress;
  view.bar(value, `${node ?? ''}${step === null || steps === null ? '' : ` (${step}/${steps})`}`);
}

interface Watched {
  readonly clock: Terminal['clock'];
  readonly view: ProgressView;
  readonly lines: TaskLines;
  /** Reads the task again; null when that is not possible now. */
  readonly read: () => Promise<Task | null>;
}

/** Looks once a second whether a warning is due, until the returned function is called. */
function warnWhenSilent({ clock, view, lines, read }: Watched): () => void {
  let isStopped = false;
  let stopTimer = (): void => undefined;
  const check = async (): Promise<void> => {
    const task = lines.needsReading(clock.monotonicMs()) ? await read() : null;
    if (isStopped) return;
    const nowMs = clock.monotonicMs();
    if (task !== null) for (const line of lines.takeReading(task, nowMs)) view.line(line);
    const warning = lines.warn(nowMs);
    if (warning !== null) view.line(warning);
    stopTimer = clock.setTimer(1000, () => void check());
  };
  void check();
  return () => {
    isStopped = true;
    stopTimer();
  };
}
