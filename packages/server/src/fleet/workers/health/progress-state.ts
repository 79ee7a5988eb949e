/** Whether a server works off its queue, by its socket messages and by /queue. Monotonic ms. */
export interface ProgressState {
  readonly queueRemaining: number;
  /** When something last ran, ended, or the queue began to fill. */
  readonly movedAtMs: number;
  /** Consecutive probes of /queue that found waiting prompts and none running. */
  readonly idleProbes: number;
  readonly pending: number;
}

export type ProgressEvent =
  | { type: 'status'; queueRemaining: number; atMs: number }
  /** Any message of a running prompt. */
  | { type: 'ran'; atMs: number }
  | { type: 'probed'; running: number; pending: number; atMs: number }
  /** A new connection: what is known may be about an earlier process. */
  | { type: 'connected'; atMs: number };

export const NO_PROGRESS: ProgressState = { queueRemaining: 0, movedAtMs: 0, idleProbes: 0, pending: 0 };

/** ComfyUI starts the next prompt right after the last one; a single probe may fall between the two. */
const PROBES_TO_BE_SURE = 2;

/**
 * Prompts of other clients run without a message to us, and a worker thread that died leaves the queue growing (protocol 6.6).
 * So silence only raises a suspicion, and /queue decides. Once stuck, a shrinking queue proves nothing: prompts may be deleted.
 */
export function nextProgress(state: ProgressState, event: ProgressEvent): ProgressState {
  const { atMs } = event;
  switch (event.type) {
    case 'status': {
      const { queueRemaining } = event;
      const moved = queueRemaining < state.queueRemaining || state.queueRemaining === 0;
      if (!moved || state.idleProbes > 0) return { ...state, queueRemaining };
      return { ...state, queueRemaining, movedAtMs: atMs };
    }
    case 'ran':
      return { ...state, movedAtMs: atMs, idleProbes: 0 };
    case 'probed': {
      const { running, pending } = event;
      const queueRemaining = running + pending;
      if (running > 0 || pending === 0) return { queueRemaining, movedAtMs: atMs, idleProbes: 0, pending };
      return { ...state, queueRemaining, idleProbes: state.idleProbes + 1, pending };
    }
    case 'connected':
      return { ...state, movedAtMs: atMs, idleProbes: 0 };
  }
}

/** When /queue must be probed; null while there is no reason to. */
export function findProbeTime({ queueRemaining, movedAtMs }: ProgressState, limitMs: number): number | null {
  return queueRemaining > 0 ? movedAtMs + limitMs : null;
}

export function isStuck({ idleProbes }: ProgressState): boolean {
  return idleProbes >= PROBES_TO_BE_SURE;
}
