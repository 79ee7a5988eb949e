import { plainText } from '@comfleet/contract';
import type { FleetReason, FleetText } from '@comfleet/contract/texts/fleet';
import type { ProcessExit } from '../../platform/process/spawner.ts';

/**
 * State of an instance. `starts` are the monotonic times of recent starts, for backoff and crash loops.
 *
 * - STOPPED — no process, and none is wanted. The initial state; entered from every other state by a stop without restart. Only
 *   a start or an adoption leaves it. Ignores ends and answers, which are of a process that is no longer ours.
 * - STARTING — a process was spawned or adopted and has not answered yet. Entered by a start, a due retry, an adoption, the end
 *   of a restart, and a reboot by ComfyUI-Manager. Ignores further starts.
 * - READY — the process answered and is a worker of the fleet. Entered only from STARTING. Ignores starts and answers.
 * - WAITING — the process ended without our request; it is restarted at `retryAtMs`. Entered from STARTING and READY. A requested
 *   start does not wait that long. Ignores ends and answers: there is no process.
 * - CRASH_LOOPING — like WAITING, after too many ends within the window: the next attempt is far away. A requested start clears
 *   the record of earlier ones.
 * - STOPPING — we end the process; STOPPED follows, or STARTING if `thenStart`. Entered from STARTING and READY by a stop; further
 *   stops can change `thenStart`. Ignores starts and answers; a start meanwhile is a stop with `thenStart`.
 */
export type InstanceState = { starts: readonly number[] } & (
  | { kind: 'stopped'; reason: FleetReason | null }
  | { kind: 'starting'; sinceMs: number }
  | { kind: 'ready'; sinceMs: number }
  | { kind: 'waiting'; retryAtMs: number; reason: FleetReason }
  | { kind: 'crash_looping'; retryAtMs: number; reason: FleetReason }
  | { kind: 'stopping'; thenStart: boolean }
);

export type InstanceEvent =
  /** A user or the configuration wants it to run, or a retry is due. */
  | { type: 'started'; atMs: number; requested: boolean }
  /** A process of an earlier run was found alive. */
  | { type: 'adopted'; atMs: number }
  /** It answers, and is proven to be ours. */
  | { type: 'answered'; atMs: number }
  /** `fraction` in [0, 1) is the jitter. */
  | { type: 'ended'; atMs: number; reason: FleetReason; rebooted: boolean; fraction: number }
  | { type: 'stop_requested'; thenStart: boolean };

export interface RestartRules {
  firstDelayMs: number;
  maxDelayMs: number;
  /** More starts than this within the window make a crash loop. */
  maxStarts: number;
  windowMs: number;
  /** Delay of the next attempt in a crash loop. */
  halfOpenMs: number;
}

export const RESTART_RULES: RestartRules = {
  firstDelayMs: 1_000,
  maxDelayMs: 60_000,
  maxStarts: 5,
  windowMs: 300_000,
  halfOpenMs: 900_000,
};

/**
 * | state         | started    | answered | ended                                  | stop_requested |
 * |---------------|------------|----------|----------------------------------------|------------|
 * | stopped       | starting   | –        | –                                      | –          |
 * | starting      | –          | ready    | waiting, crash_looping, starting       | stopping   |
 * | ready         | –          | –        | waiting, crash_looping, starting       | stopping   |
 * | waiting       | starting   | –        | –                                      | stopped    |
 * | crash_looping | starting   | –        | –                                      | stopped    |
 * | stopping      | –          | –        | stopped, or starting when so requested | stopping   |
 *
 * – is ignored. `adopted` counts as `started` from stopped. A reboot by ComfyUI-Manager is no crash: starting follows at once.
 */
export function nextInstanceState(
  state: InstanceState,
  event: InstanceEvent,
  rules: RestartRules = RESTART_RULES,
): InstanceState {
  switch (event.type) {
    case 'started':
      return isResting(state) ? toStarting(state, event, rules) : state;
    case 'adopted':
      return state.kind === 'stopped'
        ? { kind: 'starting', sinceMs: event.atMs, starts: state.starts }
        : state;
    case 'answered':
      return state.kind === 'starting' ? { kind: 'ready', sinceMs: event.atMs, starts: state.starts } : state;
    case 'ended':
      return afterEnd(state, event, rules);
    case 'stop_requested':
      if (state.kind === 'stopped') return state;
      if (isResting(state)) return { kind: 'stopped', reason: plainText('exit.by_request'), starts: [] };
      return { kind: 'stopping', thenStart: event.thenStart, starts: state.starts };
  }
}

function isResting(state: InstanceState): boolean {
  return state.kind === 'stopped' || state.kind === 'waiting' || state.kind === 'crash_looping';
}

function toStarting(
  state: InstanceState,
  event: Extract<InstanceEvent, { type: 'started' }>,
  rules: RestartRules,
): InstanceState {
  const recent = event.requested ? [] : state.starts.filter((atMs) => event.atMs - atMs < rules.windowMs);
  return { kind: 'starting', sinceMs: event.atMs, starts: [...recent, event.atMs] };
}

function afterEnd(
  state: InstanceState,
  event: Extract<InstanceEvent, { type: 'ended' }>,
  rules: RestartRules,
): InstanceState {
  const { atMs, reason } = event;
  if (state.kind === 'stopping') {
    if (!state.thenStart) return { kind: 'stopped', reason: plainText('exit.by_request'), starts: [] };
    return { kind: 'starting', sinceMs: atMs, starts: [atMs] };
  }
  if (state.kind !== 'starting' && state.kind !== 'ready') return state;
  if (event.rebooted) return { kind: 'starting', sinceMs: atMs, starts: [atMs] };
  const starts = state.starts.filter((startMs) => atMs - startMs < rules.windowMs);
  if (starts.length >= rules.maxStarts) {
    return { kind: 'crash_looping', retryAtMs: atMs + rules.halfOpenMs, reason, starts };
  }
  const ceiling = Math.min(rules.maxDelayMs, rules.firstDelayMs * 2 ** Math.max(0, starts.length - 1));
  return { kind: 'waiting', retryAtMs: atMs + Math.round(ceiling * event.fraction), reason, starts };
}

/** A text about an end. */
export function describeExit(exit: ProcessExit): FleetText {
  if (exit.signal === 'SIGKILL') return plainText('exit.sigkill');
  if (exit.signal !== null) return { code: 'exit.signal', params: { signal: exit.signal } };
  if (exit.code === null) return plainText('exit.unknown');
  return { code: 'exit.code', params: { code: exit.code } };
}
