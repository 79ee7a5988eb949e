/**
 * Freezes the process with all its threads where it stands, for the test that armed a failpoint: it looks at what is
 * stored and then ends the process (SIGKILL) or lets it go on (SIGCONT). Each halt prints `failpoint N reached` before
 * and `failpoint N passed` after it, so that no signal can be sent too early unnoticed.
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
