import type { Clock } from '../../../platform/time/clock.ts';
import type { HealthResult } from './health-result.ts';
import { recordServed } from './health-state.ts';
import { isSuspiciouslySlow, type Latency } from './latency.ts';
import { findRecoveryDelay, type RecoverySnapshot } from './recovery.ts';
import {
  type ConditionChange,
  type ConditionRules,
  findSlots,
  listChanges,
  nextCondition,
  UNKNOWN_CONDITION,
  type WorkerCondition,
} from './worker-condition.ts';

/** What the result of a check is weighed with. */
export interface Circumstances {
  /** It has prompts. */
  isBusy: boolean;
  /** A process that we started. */
  isOurs: boolean;
  /** Enough others can do its work without it. */
  canSpare: () => boolean;
  /** Slow is a comparison with the others. */
  isSlow: (own: Latency) => boolean;
}

/** Times are milliseconds. */
export interface TrackerOptions {
  /** Between checks; a returned worker gets a slot more each such period (countSlots). */
  readonly intervalMs: number;
  /** Before the next check while the next answers decide. */
  readonly recheckMs: number;
  /** The same for one that answers again. */
  readonly risingMs: number;
  readonly rules: ConditionRules;
}

export interface TrackerDeps {
  clock: Clock;
  options: TrackerOptions;
  observe: () => Circumstances;
  onChange: (change: ConditionChange) => void;
}

/** Tracks the condition of one worker: changed by each check, and by suspicion in between. */
export class HealthTracker {
  readonly #deps: TrackerDeps;
  #condition: WorkerCondition = UNKNOWN_CONDITION;
  #suspicions = 0;
  #answered = 0;

  constructor(deps: TrackerDeps) {
    this.#deps = deps;
  }

  get condition(): WorkerCondition {
    return this.#condition;
  }

  get isOnline(): boolean {
    return this.#condition.health.kind === 'online';
  }

  /** A hint that something is wrong: it gets nothing new before a check that began later. True when one should run now. */
  markSuspect(): boolean {
    const { health } = this.#condition;
    // Failing calls are no news about a worker that is out, or whose next check is near.
    if (health.kind !== 'online') return false;
    this.#suspicions += 1;
    return health.failures === 0;
  }

  /** It brought a prompt of ours to its end. */
  recordServed(): void {
    this.#condition = { ...this.#condition, health: recordServed(this.#condition.health) };
  }

  /** Runs a check; its answer settles the suspicions that there were when it began. */
  async check(run: () => Promise<HealthResult>, signal: AbortSignal): Promise<HealthResult> {
    const suspicions = this.#suspicions;
    const result = await run();
    if (signal.aborted) return result;
    this.#answered = suspicions;
    this.apply(result);
    return result;
  }

  apply(result: HealthResult): void {
    const { clock, options, observe, onChange } = this.#deps;
    const { isBusy, isOurs, canSpare, isSlow } = observe();
    const before = this.#condition;
    const slow = isSuspiciouslySlow(before.latency) && isSlow(before.latency);
    // Only then it matters whether it can be spared, which is a look at the whole fleet.
    const isDoubtful = slow || before.health.kind === 'ejected';
    const event = {
      result,
      atMs: clock.monotonicMs(),
      busy: isBusy,
      slow,
      mayEject: result.kind === 'ok' && isDoubtful && canSpare(),
      ours: isOurs,
    };
    this.#condition = nextCondition(before, event, options.rules);
    for (const change of listChanges(before, this.#condition, event)) onChange(change);
  }

  /** Prompts it may have now, of `maxConcurrent`. */
  countSlots(maxConcurrent: number): number {
    return findSlots(this.#condition, {
      nowMs: this.#deps.clock.monotonicMs(),
      growMs: this.#deps.options.intervalMs,
      maxConcurrent,
      isSuspected: this.#suspicions > this.#answered,
    });
  }

  /** Until the next check: short while the next answers decide, long when it is long gone. */
  findDelay(result: HealthResult): number {
    const { intervalMs, recheckMs, risingMs, rules } = this.#deps.options;
    const { health, recovery } = this.#condition;
    const isRising = result.kind === 'ok' && health.kind === 'offline';
    const isFalling = result.kind !== 'ok' && health.kind === 'online';
    if (isRising) return risingMs;
    if (isFalling) return recheckMs;
    return findRecoveryDelay(recovery, { intervalMs, rules: rules.recovery });
  }

  describeRecovery(): RecoverySnapshot | null {
    const { recovery } = this.#condition;
    if (recovery === null) return null;
    const { clock } = this.#deps;
    const agoMs = clock.monotonicMs() - recovery.sinceMs;
    return { phase: recovery.phase, problem: recovery.problem, sinceMs: clock.nowMs() - agoMs };
  }
}
