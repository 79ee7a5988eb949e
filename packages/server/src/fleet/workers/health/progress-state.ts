/** Whether a server gets on with its queue, from what its socket tells and what /queue answered. Monotonic ms. */
export interface ProgressState {
  readonly queueRemaining: number;
  /** When something last ran, ended, or the queue began to fill. */
  readonly movedAtMs: number;
  /** Looks in a row at /queue that found waiting prompts and none running. */
  readonly idleLooks: number;
  readonly pending: number;
}

export type ProgressEvent =
  | { type: 'status'; queueRemaining: number; atMs: number }
  /** Any message of a running prompt. */
  | { type: 'ran'; atMs: number }
  | { type: 'looked'; running: number; pending: number; atMs: number }
  /** Another connection: what was known may be of another process. */
  | { type: 'connected'; atMs: number };

export const NO_PROGRESS: ProgressState = { queueRemaining: 0, movedAtMs: 0, idleLooks: 0, pending: 0 };

/** ComfyUI takes the next prompt right after the last; one look may fall between the two. */
const LOOKS_TO_BE_SURE = 2;

/**
 * A prompt of another client runs without a message to us, and a thread that died leaves the queue growing (protocol 6.6): so
 * silence is only a suspicion, and /queue decides. Once stuck, a shrinking queue is no proof: prompts may be deleted.
 */
export function nextProgress(state: ProgressState, event: ProgressEvent): ProgressState {
  const { atMs } = event;
  switch (event.type) {
    case 'status': {
      const { queueRemaining } = event;
      const moved = queueRemaining < state.queueRemaining || state.queueRemaining === 0;
      if (!moved || state.idleLooks > 0) return { ...state, queueRemaining };
      return { ...state, queueRemaining, movedAtMs: atMs };
    }
    case 'ran':
      return { ...state, movedAtMs: atMs, idleLooks: 0 };
    case 'looked': {
      const { running, pending } = event;
      const queueRemaining = running + pending;
      if (running > 0 || pending === 0) return { queueRemaining, movedAtMs: atMs, idleLooks: 0, pending };
      return { ...state, queueRemaining, idleLooks: state.idleLooks + 1, pending };
    }
    case 'connected':
      return { ...state, movedAtMs: atMs, idleLooks: 0 };
  }
}

/** When /queue must be asked; null while there is no reason. */
export function findLookTime({ queueRemaining, movedAtMs }: ProgressState, limitMs: number): number | null {
  return queueRemaining > 0 ? movedAtMs + limitMs : null;
}

export function isStuck({ idleLooks }: ProgressState): boolean {
  return idleLooks >= LOOKS_TO_BE_SURE;
}
