import { isTerminal, type StreamFrame } from '@comfleet/contract';

/** The latest frames of a task's stream; `wait` considers past and future ones. */
export interface TaskWatch {
  frames: StreamFrame[];
  wait(fits: (frame: StreamFrame) => boolean): Promise<StreamFrame>;
  stop(): void;
}

/** True for the last frame of a stream, even if the task had already ended when the stream was opened. */
export function isEnd(frame: StreamFrame): boolean {
  if (frame.kind === 'event') return isTerminal(frame.event.status);
  return frame.kind === 'snapshot' && isTerminal(frame.task.status);
}

/** Reads any stream of the flow into a list that can be waited on. */
export function watchFrames(open: (signal: AbortSignal) => AsyncIterable<StreamFrame>): TaskWatch {
  const stop = new AbortController();
  const frames: StreamFrame[] = [];
  const waiters = new Set<() => void>();
  let failure: unknown = null;
  let isOver = false;
  const read = async () => {
    for await (const frame of open(stop.signal)) {
      frames.push(frame);
      for (const waiter of [...waiters]) waiter();
    }
  };
  read()
    .catch((thrown: unknown) => {
      failure = thrown;
    })
    .finally(() => {
      isOver = true;
      for (const waiter of [...waiters]) waiter();
    });
  return {
    frames,
    stop: () => stop.abort(),
    wait: (fits) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = frames.find(fits);
          if (found) resolve(found);
          else if (isOver) reject(failure ?? new Error('the stream ended without that frame'));
          else return;
          waiters.delete(check);
        };
        waiters.add(check);
        check();
      }),
  };
}
