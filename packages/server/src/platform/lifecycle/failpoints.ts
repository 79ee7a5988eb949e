/*
 * Named places on a task's path at which a test halts the process, to kill it there like a power cut. Armed once, by `main.ts`
 * from the environment; an unarmed process pays one comparison per place.
 */

export const FAILPOINTS = [
  'before_accept_commit',
  'after_accept_commit',
  'after_claim',
  'post_handed_over',
  'before_submitted',
  'running',
  'before_history',
  'before_download',
  'mid_download',
  'before_result_commit',
  'before_events',
  'resuming',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

interface Armed {
  name: Failpoint;
  left: number;
  delayMs: number;
  halt: () => void;
  wait: (ms: number, then: () => void) => void;
}

let armed: Armed | null = null;

export interface FailpointActions extends Pick<Armed, 'halt' | 'wait'> {
  /** Calls back when the test signals that the process is busy enough. */
  onSignal: (arm: () => void) => void;
}

/**
 * Arms one place from `name:count[:delayMs]`: `halt` is called at the count-th visit and at each later one, in case the process
 * was resumed. With `signal@name:…` counting starts at the signal. Without a text nothing is armed. Throws for an unknown place,
 * so that a test cannot pass because of a typo.
 */
export function armFailpoint(text: string | undefined, { onSignal, ...actions }: FailpointActions): void {
  armed = null;
  if (text === undefined || text === '') return;
  const point = { ...parseFailpoint(text.replace(/^signal@/, '')), ...actions };
  const arm = () => {
    armed = point;
  };
  if (text.startsWith('signal@')) onSignal(arm);
  else arm();
}

function parseFailpoint(text: string): Pick<Armed, 'name' | 'left' | 'delayMs'> {
  const [place = '', count = '1', delay = '0'] = text.split(':');
  const name = FAILPOINTS.find((known) => known === place);
  const [left, delayMs] = [Number(count), Number(delay)];
  if (name === undefined || !Number.isInteger(left) || left < 1 || !(delayMs >= 0))
    throw new Error(`COMFLEET_FAILPOINT is no [signal@]place:count[:delayMs]: ${text}`);
  return { name, left, delayMs };
}

/** Marks this place in the code: a process armed for it halts here. */
export function failpoint(name: Failpoint): void {
  if (armed !== null) count(armed, name);
}

function count(point: Armed, name: Failpoint): void {
  if (point.name !== name) return;
  point.left -= 1;
  if (point.left > 0) return;
  if (point.delayMs === 0) point.halt();
  else point.wait(point.delayMs, point.halt);
}
