import type { Clock } from '../../platform/time/clock.ts';
import type { TaskRequirements } from '../tasks/requirements.ts';
import type { TaskRow } from '../tasks/task-tables.ts';

/** How long the workflow of a task allows silence; null: unlimited. */
export function readSilenceLimitMs({ requirements }: Pick<TaskRow, 'requirements'>): number | null {
  const { silenceLimitMs }: Pick<TaskRequirements, 'silenceLimitMs'> = JSON.parse(requirements);
  return silenceLimitMs ?? null;
}

/** True when the time limit of a task counts from its last sign of progress. */
export function limitsSilence({ requirements }: Pick<TaskRow, 'requirements'>): boolean {
  const stored: Pick<TaskRequirements, 'limitsSilence'> = JSON.parse(requirements);
  return stored.limitsSilence === true;
}

export interface SilenceOptions {
  /** Null: no limit. */
  limitMs: number | null;
  clock: Clock;
  /** A prompt that waits in the worker's queue does not hang. */
  isRunning: () => boolean;
  /** While the socket is closed, silence means nothing. */
  isConnected: () => boolean;
}

const MIN_INTERVAL_MS = 50;
const LEAST_OFTEN_MS = 1000;

/** Detects a running prompt without progress for longer than its workflow allows. */
export class SilenceWatch {
  /** Resolves when the limit is first exceeded; otherwise never. */
  readonly exceeded: Promise<'silent'>;
  readonly #options: SilenceOptions;
  #progressAtMs: number;
  #cancel: () => void = () => {};
  #resolve: (silent: 'silent') => void = () => {};

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#progressAtMs = options.clock.monotonicMs();
    this.exceeded = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Starts the watch. */
  start(): void {
    const { limitMs } = this.#options;
    if (limitMs !== null) this.#check(limitMs);
  }

  /** A sign of progress. */
  recordProgress(): void {
    this.#progressAtMs = this.#options.clock.monotonicMs();
  }

  /** Safe to call twice. */
  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  #check(limitMs: number): void {
    const { clock, isRunning, isConnected: canHear } = this.#options;
    if (!isRunning() || !canHear()) this.recordProgress();
    const leftMs = limitMs - (clock.monotonicMs() - this.#progressAtMs);
    if (leftMs <= 0) {
      this.#resolve('silent');
      return;
    }
    const delayMs = Math.min(LEAST_OFTEN_MS, Math.max(MIN_INTERVAL_MS, leftMs));
    this.#cancel = clock.setTimer(delayMs, () => this.#check(limitMs));
  }
}
