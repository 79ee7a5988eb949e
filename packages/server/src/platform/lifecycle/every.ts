import type { Logger } from '../logging/logger.ts';
import type { Clock } from '../time/clock.ts';
import type { Scope } from './scope.ts';

export interface EveryOptions {
  name: string;
  intervalMs: number;
  clock: Clock;
  logger: Logger;
}

/** Runs `step` repeatedly, never overlapping, until the scope closes; a failed step is logged and the loop continues. */
export function every(
  scope: Scope,
  options: EveryOptions,
  step: (signal: AbortSignal) => Promise<void> | void,
): void {
  const loop = runLoop(scope.signal, options, step);
  scope.add(options.name, () => loop);
}

async function runLoop(
  signal: AbortSignal,
  { name, intervalMs, clock, logger }: EveryOptions,
  step: (signal: AbortSignal) => Promise<void> | void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(intervalMs, signal);
      await step(signal);
    } catch (thrown) {
      if (signal.aborted) return;
      logger.error('loop.step_failed', { loop: name, error: thrown });
    }
  }
}
