import { plainText } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import { describeHealth, type HealthResult, isUnusable } from './health-result.ts';

/** How often a worker fell soon after it had come back, and until when it is therefore trusted with little (monotonic). */
export interface Falls {
  /** 0 until it was online once and fell; 1 after a first fall, or one after a quiet time. */
  readonly count: number;
  readonly untilMs: number;
}

/**
 * How a worker's health stands. Every check is an event; so is the end of a process that its supervisor saw.
 *
 * - UNKNOWN — it was not checked since we started. Entered by nothing but our own start; the first check leaves it.
 * - ONLINE — it answers well. Entered at once by the first good answer ever, later by `rise` good ones in a row. Single
 *   failures are only counted (it gets no new tasks meanwhile); it is left when `fall` of them come in a row, or at once by
 *   a stranger on the address or a process seen to end. `returnedAtMs` is null until it fell once.
 * - OFFLINE — it does not answer. Entered from every state by a failure. Good answers are ignored until `rise` in a row,
 *   failures begin that count again.
 * - EJECTED — it answers, but far slower than the others: not used until `falls.untilMs`. Entered from ONLINE, and from OFFLINE
 *   and ERROR on the return; never while it cannot be spared. Good answers before the time is over are ignored; a failure
 *   leads to OFFLINE.
 *   A worker that fell twice is not ejected: what waits would wait for it. It is given one prompt at a time until `falls.untilMs`.
 * - ERROR — something answers on the address, but nothing we can use. Entered from every state by such an answer. Left as
 *   OFFLINE is; waiting does not heal it.
 */
export type HealthState =
  | { kind: 'unknown' }
  | {
      kind: 'online';
      failures: number;
      failingSinceMs: number | null;
      returnedAtMs: number | null;
      /** Prompts of ours that it has brought to their end since its return. */
      served: number;
      falls: Falls;
    }
  | { kind: 'offline'; successes: number; reason: FleetText; falls: Falls }
  | { kind: 'ejected'; reason: FleetText; falls: Falls }
  | { kind: 'error'; reason: FleetText; falls: Falls };

export interface HealthRules {
  /** Successes in a row that bring a worker back. */
  rise: number;
  /** Failures in a row that take it out. */
  fall: number;
  /** A worker with work may be silent (time-outs only) this long before it counts as down. */
  busyLimitMs: number;
  /** A fall within this time after a return is flapping; a longer one online forgives all. */
  quietMs: number;
  /** How long it gets one prompt at a time after its second failure; each further failure doubles this. */
  firstProbationMs: number;
  maxProbationMs: number;
}

export interface HealthEvent {
  result: HealthResult;
  /** Monotonic. */
  atMs: number;
  /** It has prompts. */
  busy: boolean;
  /** Far slower than the others of the fleet. */
  slow: boolean;
  /** False while too few others could do its work: then it is never ejected. */
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
 * A process seen to end takes an online worker out at once, and is not flapping: its supervisor waits already.
 * Time-outs of a busy worker need `busyLimitMs` besides: a graph node that holds Python's lock delays every answer by
 * seconds (protocol 11.3). Nothing is ejected while `mayEject` is false.
 */
export function nextHealthState(state: HealthState, event: HealthEvent, rules: HealthRules): HealthState {
  const { result } = event;
  if (result.kind === 'ok') return afterSuccess(state, event, rules);
  const reason = describeHealth(result);
  if (isUnusable(result)) return { kind: 'error', reason, falls: afterFall(state, event, rules) };
  if (state.kind === 'online' && isToBeBorne(state, event, rules)) return bear(state, event);
  return { kind: 'offline', successes: 0, reason, falls: afterFall(state, event, rules) };
}

type Online = Extract<HealthState, { kind: 'online' }>;

function bear(state: Online, event: HealthEvent): Online {
  return { ...state, failures: state.failures + 1, failingSinceMs: findSilenceStart(state, event) };
}

function isToBeBorne(state: Online, event: HealthEvent, rules: HealthRules): boolean {
  const { result, atMs, busy } = event;
  if (result.kind === 'gone') return false;
  if (state.failures + 1 < rules.fall) return true;
  return busy && result.kind === 'timeout' && atMs - findSilenceStart(state, event) < rules.busyLimitMs;
}

/** A worker that timed out was silent since the check began. */
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

/** Back in service, unless it is slow and can be spared. */
function toOnline(falls: Falls, { atMs, slow, mayEject }: HealthEvent): HealthState {
  if (mayEject && slow) return toEjected(falls);
  return { kind: 'online', failures: 0, failingSinceMs: null, returnedAtMs: atMs, served: 0, falls };
}

/** It brought a prompt of ours to its end. */
export function recordServed(state: HealthState): HealthState {
  return state.kind === 'online' ? { ...state, served: state.served + 1 } : state;
}

function toEjected(falls: Falls): HealthState {
  return { kind: 'ejected', reason: plainText('worker.slow'), falls };
}

function readFalls(state: HealthState): Falls {
  return state.kind === 'unknown' ? NEVER_FELL : state.falls;
}

/** The record after this event; only leaving `online` is a fall. */
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
 * How many prompts a worker may have now: none while its last check failed; one after a return, and one more each `growMs` or
 * for each prompt that it brought to its end; all when it never fell. One that fell twice has one as long as it is trusted with
 * little, whatever it brings.
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
