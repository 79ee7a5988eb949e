import type { ProgressState } from '../progress/progress-state.ts';

/** A preview image of a running prompt. `image` may be kept. */
export interface SessionPreview {
  promptId: string;
  nodeId: string | null;
  mimeType: string;
  image: Uint8Array;
}

/** One step of following a prompt, for logs (CD26). */
export interface SessionLog {
  step:
    | 'submitted'
    | 'unclear'
    | 'end_seen'
    | 'finished_by_check'
    | 'check_failed'
    | 'invalid_message'
    | 'waiting_long'
    | 'listener_failed'
    | 'socket_problem';
  promptId: string | null;
  message: string;
  cause?: unknown;
}

/** Events of a session; a listener that throws does not affect others (PR8). */
export interface SessionEvents {
  /** At most every 100 ms per prompt, and at each new node and the end. */
  progress: ProgressState;
  preview: SessionPreview;
  /** A line for the terminal (PR1). */
  line: string;
  log: SessionLog;
}

/** A prompt that a session follows, for `debugTaskStatus`. */
export interface PendingTask {
  promptId: string;
  ageMs: number;
  phase: string;
  fraction: number;
  currentNodeId: string | null;
  silentMs: number;
  serverUrl: string;
  connected: boolean;
}
