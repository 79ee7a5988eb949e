import type { Clock } from '../time/clock.ts';
import type { RunningProcess } from './running-process.ts';
import type { ProcessExit } from './spawner.ts';

export interface EndOptions {
  clock: Clock;
  /** After SIGINT, on which ComfyUI cleans up and exits 0 (protocol 11.4). */
  interruptGraceMs: number;
  /** After SIGTERM, before SIGKILL. */
  terminateGraceMs: number;
}

/** Ends a process group: sends each polite signal and waits, then kills it. Returns when the exit was observed. */
export async function endProcess(running: RunningProcess, options: EndOptions): Promise<ProcessExit> {
  const graceMs = { SIGINT: options.interruptGraceMs, SIGTERM: options.terminateGraceMs };
  for (const signal of running.politeSignals) {
    await running.signal(signal);
    const exit = await waitForExit(running, graceMs[signal], options.clock);
    if (exit) return exit;
  }
  await running.signal('SIGKILL');
  return running.exited;
}

async function waitForExit(running: RunningProcess, ms: number, clock: Clock): Promise<ProcessExit | null> {
  let cancel = () => {};
  const late = new Promise<null>((resolve) => {
    cancel = clock.setTimer(ms, () => resolve(null));
  });
  try {
    return await Promise.race([running.exited, late]);
  } finally {
    cancel();
  }
}
