/** `process.kill`; tests pass their own. */
export type Kill = (pid: number, signal: NodeJS.Signals | 0) => true;

/** Signals a process, or a group by its negative number; false if it has ended. */
export function sendSignal(kill: Kill, target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return kill(target, signal);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH') return false;
    throw thrown;
  }
}
