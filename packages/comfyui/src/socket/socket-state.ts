/** State of a ComfySocket. open: frames can arrive. waiting: between two attempts. */
export type SocketState =
  | { phase: 'idle' }
  | { phase: 'connecting'; attempt: number }
  | { phase: 'open'; sinceMs: number }
  | { phase: 'waiting'; attempt: number; retryInMs: number; reason: string }
  | { phase: 'stopped' };

/** A fault that does not stop the socket, for logs and counters. */
export interface SocketProblem {
  kind: 'bad_frame' | 'listener_failed' | 'ping_timeout' | 'deaf' | 'connection_failed';
  message: string;
  cause?: unknown;
}

const FIRST_DELAY_MS = 200;
const LAST_DELAY_MS = 5000;

/** Delay before reconnect `attempt` (from 1): doubles from 0.2 s to 5 s, jittered to 50–100 %. `random` is in [0, 1). */
export function reconnectDelayMs(attempt: number, random: number): number {
  const full = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return Math.round(full * (0.5 + random / 2));
}
