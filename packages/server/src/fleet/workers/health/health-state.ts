import { plainText } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import { describeHealth, type HealthResult, isUnusable } from './health-result.ts';

/** How often a worker failed soon after its return, and until when it is on probation for that (monotonic). */
export interface Falls {
  /** 0 until it first fell while online; 1 after a first fall, or after a fall that followed a quiet time. */
  readonly count: number;
  readonly untilMs: number;
}

/**
 * Health of a worker. Events are its checks, and the end of its process when a supervisor saw it.
 *
 * - UNKNOWN — not checked since our start, which alone enters it. The first check leaves it.
 * - ONLINE — it answers well. Entered by the first good answer ever, later by `rise` good ones in a row. Single failures are
 *   only counted; meanwhile it gets no new tasks. Left after `fall` failures in a row, or at once when an unusable server answers
 *   or its process was seen to end. `returnedAtMs` is null until it first fell.
 * - OFFLINE — it does not answer. Entered from every state by a failure. Good answers are ignored until there are `rise` in a
 *   row; a failure restarts that count.
 * - EJECTED — it answers, but far slower than the others, and is not used until `falls.untilMs`. Entered from ONLINE, and from
 *   OFFLINE and ERROR on its return, but only if it can be spared. Good answers before that time are ignored; a failure leads to
 *   OFFLINE. A worker that fell twice is not ejected for that, as waiting tasks may depend on it: it is on probation instead.
 * - ERROR — something answers at the address, but it is not usable. Entered from every state by such an answer. Left like
 *   OFFLINE; it does not recover by waiting.
 */
export type HealthState =
  | { kind: 'unknown' }
  | {
      kind: 'online';
      failures: number;
      failingSinceMs: number | null;
      returnedAtMs: number | null;
      /** How many prompts of ours it has finished since its return. */
      served: number;
      falls: Falls;
    }
  | { kind: 'offline'; successes: number; reason: FleetText; falls: Falls }
  | { kind: 'ejected'; reason: FleetText; falls: Falls }
  | { kind: 'error'; reason: FleetText; falls: Falls };

export interface HealthRules {
  /** How many successes in a row bring a worker back. */
  rise: number;
  /** How many failures in a row take it offline. */
  fall: number;
  /** How long a busy worker may time out before it counts as down. */
  busyLimitMs: number;
  /** A fall within this time after a return counts as flapping; after it, earlier falls are forgotten. */
  quietMs: number;
  /** How long it gets one prompt at a time after its second fall; each further fall doubles this. */
  firstProbationMs: number;
  maxProbationMs: number;
}

export interface HealthEvent {
  result: HealthResult;
  /** Monotonic. */
  atMs: number;
  /** True while it has prompts. */
  busy: boolean;
  /** True when it is far slower than the rest of the fleet. */
  slow: boolean;
  /** False while too few others could do its work, so that it must not be ejected. */
  mayEject: boolean;
}

/**
 * | state   | ok                                              | a failure                         | stranger, stuck, too old |
 * |---------|-------------------------------------------------|-----------------------------------|--------------------------|
 * | unknown | online                                          | offline                           | error                    |
 * | online  | online, failures 0; ejected when slow           | online until `fall` in a row, then offline | error           |
 * | offline | after `rise` online, ejected when slow; the first ever online at once | offline      | error                    |
 * | ejected | online when its time is over and it is not slow | offline                           | error                    |
 * | error   | as offline                                      | offline                           | error                    |
 *
 * A process that was seen to end takes an online worker offline at once. That is not flapping: its supervisor already delays
 * the restart. Timeouts of a busy worker must also exceed `busyLimitMs`, because a graph node that holds Python's lock delays
 * every answer by seconds (protocol 11.3). No worker is ejected while `mayEject` is false.
 */
export function nextHealthState(state: HealthState, event: HealthEvent, rules: HealthRules): HealthState {
  const { result } = event;
  if (result.kind === 'ok') return afterSuccess(state, event, rules);
  const reason = describeHealth(result);
  if (isUnusable(result)) return { kind: 'error', reason, falls: afterFall(state, event, rules) };
  if (state.kind === 'online' && isTolerable(state, event, rules)) return tolerate(state, event);
  return { kind: 'offline', successes: 0, reason, falls: afterFall(state, event, rules) };
}

type Online = Extract<HealthState, { kind: 'online' }>;

function tolerate(state: Online, event: HealthEvent): Online {
  return { ...state, failures: state.failures + 1, failingSinceMs: findSilenceStart(state, event) };
}

function isTolerable(state: Online, event: HealthEvent, rules: HealthRules): boolean {
  const { result, atMs, busy } = event;
  if (result.kind === 'gone') return false;
  if (state.failures + 1 < rules.fall) return true;
  return busy && result.kind === 'timeout' && atMs - findSilenceStart(state, event) < rules.busyLimitMs;
}

/** A worker that timed out has been silent since that check began. */
function findSilenceStart(state: Online, { result, atMs }: HealthEvent): number {
  return state.failingSinceMs ?? atMs - (result.kind === 'timeout' ? result.afterMs : 0);
}

function afterSuccess(state: HealthState, event: HealthEvent, rules: HealthRules): HealthState {
  const falls = readFalls(state);
  switch (state.kind) {
    case 'unknown':
      return FIRST_ONLINE;
    case 'online':
      if (event.slow && event.mayEject) return toEjected(slowDown(state, event, rules));
      return { ...state, failures: 0, failingSinceMs: null };
    case 'ejected':
      return event.atMs < falls.untilMs && event.mayEject ? state : toOnline(falls, event);
    case 'offline':
    case 'error': {
      if (falls.count === 0) return FIRST_ONLINE;
      const successes = (state.kind === 'offline' ? state.successes : 0) + 1;
      if (successes >= rules.rise) return toOnline(falls, event);
      return { kind: 'offline', successes, reason: state.reason, falls };
    }
  }
}

const NEVER_FELL: Falls = { count: 0, untilMs: 0 };
const FIRST_ONLINE: Online = {
  kind: 'online',
  failures: 0,
  failingSinceMs: null,
  returnedAtMs: null,
  served: 0,
  falls: NEVER_FELL,
};

/** Returns it to service, unless it is slow and can be spared. */
function toOnline(falls: Falls, { atMs, slow, mayEject }: HealthEvent): HealthState {
  if (mayEject && slow) return toEjected(falls);
  return { kind: 'online', failures: 0, failingSinceMs: null, returnedAtMs: atMs, served: 0, falls };
}

/** The worker finished a prompt of ours. */
export function recordServed(state: HealthState): HealthState {
  return state.kind === 'online' ? { ...state, served: state.served + 1 } : state;
}

function toEjected(falls: Falls): HealthState {
  return { kind: 'ejected', reason: plainText('worker.slow'), falls };
}

function readFalls(state: HealthState): Falls {
  return state.kind === 'unknown' ? NEVER_FELL : state.falls;
}

/** Falls after this event; only leaving `online` counts as one. */
function afterFall(state: HealthState, { result, atMs }: HealthEvent, rules: HealthRules): Falls {
  const falls = readFalls(state);
  if (state.kind !== 'online') return falls;
  if (result.kind === 'gone') return { ...falls, count: Math.max(1, falls.count) };
  const count = countFalls(state, atMs, rules);
  return { count, untilMs: atMs + probationMs(count, rules) };
}

function slowDown(state: Online, { atMs }: HealthEvent, rules: HealthRules): Falls {
  const count = countFalls(state, atMs, rules);
  return { count, untilMs: atMs + Math.max(rules.firstProbationMs, probationMs(count, rules)) };
}

function countFalls({ returnedAtMs, falls }: Online, atMs: number, { quietMs }: HealthRules): number {
  const isFlapping = returnedAtMs !== null && atMs - returnedAtMs < quietMs;
  return isFlapping ? falls.count + 1 : 1;
}

function probationMs(count: number, { firstProbationMs, maxProbationMs }: HealthRules): number {
  return count < 2 ? 0 : Math.min(maxProbationMs, firstProbationMs * 2 ** (count - 2));
}

/**
 * How many prompts a worker may have now. None while its last check failed; all if it never fell. After a return one, plus one
 * for each `growMs` and each finished prompt. On probation one, whatever it finishes.
 */
export function countSlots(
  state: HealthState,
  { nowMs, growMs, maxConcurrent }: { nowMs: number; growMs: number; maxConcurrent: number },
): number {
  if (state.kind !== 'online' || state.failures > 0) return 0;
  if (state.returnedAtMs === null) return maxConcurrent;
  const sinceMs = Math.max(state.returnedAtMs, state.falls.untilMs);
  const served = state.falls.count < 2 ? state.served : 0;
  return Math.min(maxConcurrent, 1 + served + Math.max(0, Math.floor((nowMs - sinceMs) / growMs)));
}
