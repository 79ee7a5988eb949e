/** What one check found; each kind is told apart for people (HR3). */
export type HealthResult =
  | { kind: 'ok'; latencyMs: number; version: string | null }
  | { kind: 'bad_status'; status: number }
  | { kind: 'refused' }
  | { kind: 'timeout'; afterMs: number }
  /** A stranger on the port, not ComfyUI (HR2). */
  | { kind: 'invalid_body' }
  /** A ComfyUI, but not the process that should be there. */
  | { kind: 'other_process' }
  /** Answers well, but its version lacks what we rely on. */
  | { kind: 'too_old'; version: string | null; floor: string }
  /** The process was seen to end. */
  | { kind: 'gone'; reason: string }
  | { kind: 'failed'; message: string };

/** `seen` is false until the first success. */
export type HealthState =
  | { kind: 'unknown' }
  | { kind: 'online'; failures: number; failingSinceMs: number | null }
  | { kind: 'offline'; successes: number; seen: boolean; reason: string }
  /** Something answers on the address, but nothing we can use. */
  | { kind: 'error'; reason: string; seen: boolean };

export interface HealthRules {
  /** Successes in a row that bring a worker back. */
  rise: number;
  /** Failures in a row that take it out. */
  fall: number;
  /** A worker with work may be silent (time-outs only) this long before it counts as down. */
  busyLimitMs: number;
}

export interface HealthEvent {
  result: HealthResult;
  /** Monotonic. */
  atMs: number;
  busy: boolean;
}

/**
 * | state   | ok                     | a failure                                  | stranger, too old     |
 * |---------|------------------------|--------------------------------------------|-----------------------|
 * | unknown | online                 | offline                                    | error                 |
 * | online  | online, failures 0     | online until `fall` in a row, then offline | error                 |
 * | offline | online after `rise`; the first ever at once | offline               | error                 |
 * | error   | as offline             | offline                                    | error                 |
 *
 * A process seen to end takes an online worker out at once. Time-outs of a busy worker need `busyLimitMs` besides:
 * a graph node that holds Python's lock delays every answer by seconds (protocol 11.3).
 */
export function nextHealthState(state: HealthState, event: HealthEvent, rules: HealthRules): HealthState {
  const { result } = event;
  if (result.kind === 'ok') return afterSuccess(state, rules);
  if (isUnusable(result)) {
    return { kind: 'error', reason: describeHealth(result), seen: hasBeenSeen(state) };
  }
  if (state.kind !== 'online') {
    return { kind: 'offline', successes: 0, seen: hasBeenSeen(state), reason: describeHealth(result) };
  }
  const failures = state.failures + 1;
  // It was silent since the check began.
  const silentMs = result.kind === 'timeout' ? result.afterMs : 0;
  const failingSinceMs = state.failingSinceMs ?? event.atMs - silentMs;
  const patient = event.busy && result.kind === 'timeout' && event.atMs - failingSinceMs < rules.busyLimitMs;
  if (result.kind !== 'gone' && (failures < rules.fall || patient)) {
    return { kind: 'online', failures, failingSinceMs };
  }
  return { kind: 'offline', successes: 0, seen: true, reason: describeHealth(result) };
}

/** Something answers, but not a server for us. */
function isUnusable(result: HealthResult): boolean {
  return result.kind === 'invalid_body' || result.kind === 'other_process' || result.kind === 'too_old';
}

function afterSuccess(state: HealthState, rules: HealthRules): HealthState {
  if (state.kind === 'unknown' || state.kind === 'online' || !state.seen) return ONLINE;
  const successes = (state.kind === 'offline' ? state.successes : 0) + 1;
  if (successes >= rules.rise) return ONLINE;
  return { kind: 'offline', successes, seen: true, reason: state.reason };
}

const ONLINE: HealthState = { kind: 'online', failures: 0, failingSinceMs: null };

function hasBeenSeen(state: HealthState): boolean {
  return state.kind === 'online' || (state.kind !== 'unknown' && state.seen);
}

/** A sentence for people about one result. */
export function describeHealth(result: HealthResult): string {
  switch (result.kind) {
    case 'ok':
      return `answered in ${Math.round(result.latencyMs)} ms`;
    case 'bad_status':
      return `answered with HTTP status ${result.status}`;
    case 'refused':
      return 'the connection was refused: nothing listens on this address';
    case 'timeout':
      return `no answer within ${result.afterMs} ms`;
    case 'invalid_body':
      return 'something answers on this address, but it is not ComfyUI';
    case 'other_process':
      return 'another ComfyUI than ours answers on this address';
    case 'too_old':
      return `ComfyUI ${result.version ?? 'of unknown version'} is older than ${result.floor}, the first with targeted interrupt`;
    case 'gone':
      return result.reason;
    case 'failed':
      return result.message;
  }
}
