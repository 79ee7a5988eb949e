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

/** What matters to the result of a check. */
export interface Circumstances {
  /** True while it has prompts. */
  isBusy: boolean;
  /** True for a process that we started. */
  isOurs: boolean;
  /** True when enough others can do its work. */
  canSpare: () => boolean;
  /** True when it is slow compared with the others. */
  isSlow: (own: Latency) => boolean;
}

/** Times in ms. */
export interface TrackerOptions {
  /** Check interval; also how often a returned worker gets one more slot (countSlots). */
  readonly intervalMs: number;
  /** Delay while the next answers decide. */
  readonly recheckMs: number;
  /** The same for a worker that answers again. */
  readonly risingMs: number;
  readonly rules: ConditionRules;
}

export interface TrackerDeps {
  clock: Clock;
  options: TrackerOptions;
  observe: () => Circumstances;
  onChange: (change: ConditionChange) => void;
}

/** Tracks the condition of one worker, which changes with each check, and by suspicion in between. */
export class HealthTracker {
  readonly #deps: TrackerDeps;
  #condition: WorkerCondition = UNKNOWN_CONDITION;
  #suspicions = 0;
  #responses = 0;

  constructor(deps: TrackerDeps) {
    this.#deps = deps;
  }

  get condition(): WorkerCondition {
    return this.#condition;
  }

  get isOnline(): boolean {
    return this.#condition.health.kind === 'online';
  }

  /** Hints that something is wrong: no new tasks until a check that begins later. Returns true if one should run now. */
  markSuspect(): boolean {
    const { health } = this.#condition;
    // Failed calls are no news about a worker that is not online, or whose next check is near.
    if (health.kind !== 'online') return false;
    this.#suspicions += 1;
    return health.failures === 0;
  }

  /** The worker finished a prompt of ours. */
  recordServed(): void {
    this.#condition = { ...this.#condition, health: recordServed(this.#condition.health) };
  }

  /** Runs a check; its result clears the suspicions from before it began. */
  async check(run: () => Promise<HealthResult>, signal: AbortSignal): Promise<HealthResult> {
    const suspicions = this.#suspicions;
    const result = await run();
    if (signal.aborted) return result;
    this.#responses = suspicions;
    this.apply(result);
    return result;
  }

  apply(result: HealthResult): void {
    const { clock, options, observe, onChange } = this.#deps;
    const { isBusy, isOurs, canSpare, isSlow } = observe();
    const before = this.#condition;
    const slow = isSuspiciouslySlow(before.latency) && isSlow(before.latency);
    // Only then does it matter whether it can be spared, which takes a pass over the fleet.
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

  /** How many prompts it may have now, of `maxConcurrent`. */
  countSlots(maxConcurrent: number): number {
    return findSlots(this.#condition, {
      nowMs: this.#deps.clock.monotonicMs(),
      growMs: this.#deps.options.intervalMs,
      maxConcurrent,
      isSuspected: this.#suspicions > this.#responses,
    });
  }

  /** Delay before the next check: short while the next answers decide, long for a worker that is long gone. */
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
