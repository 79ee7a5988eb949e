/** The fields of /proc/PID/stat that identify a process. */
export interface ProcStat {
  /** `Z` and `X` are dead, but not yet reaped. */
  state: string;
  group: number;
  /** Start time in clock ticks since boot; with the boot id it is unique per pid. */
  startStamp: string;
}

/** Parses /proc/PID/stat; the second field, a file name, may hold spaces and brackets. Null for other text. */
export function parseProcStat(text: string): ProcStat | null {
  const end = text.lastIndexOf(')');
  if (end === -1) return null;
  const fields = text.slice(end + 2).split(' ');
  const [state, , group] = fields;
  const startStamp = fields[19];
  if (state === undefined || group === undefined || startStamp === undefined) return null;
  return { state, group: Number(group), startStamp };
}
