/**
 * Freezes the process with all its threads, for the test that armed a failpoint: it inspects what is stored and then kills the
 * process (SIGKILL) or resumes it (SIGCONT). Prints `failpoint N reached` before and `failpoint N passed` after each halt, so
 * that a signal sent too early is noticed.
 */
export function createHalt(print: (line: string) => void): () => void {
  let halts = 0;
  return () => {
    halts += 1;
    const halt = halts;
    print(`failpoint ${halt} reached`);
    process.kill(process.pid, 'SIGSTOP');
    print(`failpoint ${halt} passed`);
  };
}
