/** One process as reported by `ps -o pid= -o pgid= -o stat= -o lstart= -o command=`. */
export interface PsProcess {
  pid: number;
  group: number;
  /** Starts with Z if it is dead and not yet reaped. */
  state: string;
  /** `Mon Nov 30 15:37:58 2026`, to the second. */
  started: string;
  /** All arguments, joined by spaces. */
  command: string;
}

const PROCESS =
  /^\s*(?<pid>\d+)\s+(?<group>\d+)\s+(?<state>\S+)\s+(?<started>[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4})\s+(?<command>.*)$/;

/** Parses the processes; lines of another form are left out. */
export function parsePsProcesses(text: string): PsProcess[] {
  return text.split('\n').flatMap((line) => {
    const groups = PROCESS.exec(line)?.groups;
    if (!groups) return [];
    const { pid, group, state = '', started = '', command = '' } = groups;
    return [{ pid: Number(pid), group: Number(group), state, started, command }];
  });
}

/** The pids in the output of `ps -E -o pid= -o command=` (arguments and environment) whose line has `mark` as a word. */
export function findMarkedPids(text: string, mark: string): number[] {
  return text.split('\n').flatMap((line) => {
    const [pid, ...words] = line.trim().split(/\s+/);
    return words.includes(mark) ? [Number(pid)] : [];
  });
}
