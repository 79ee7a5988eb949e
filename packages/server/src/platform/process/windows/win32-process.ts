import { z } from 'zod';

const processSchema = z.object({
  pid: z.number(),
  parent: z.number(),
  started: z.string().nullable(),
  command: z.string().nullable(),
});

/** One process as reported by Win32_Process; `started` is a FILETIME, 100 ns since 1601. */
export interface Win32Process {
  pid: number;
  parent: number;
  started: string;
  command: string;
}

/**
 * A PowerShell script that prints one process, or all, as a JSON array. It has no double quotes, so that no quoting rule changes
 * it. Runs in Windows PowerShell 5.1, which every Windows has.
 */
export function writeProcessScript(pid: number | null): string {
  const filter = pid === null ? '' : ` -Filter 'ProcessId=${pid}'`;
  return [
    `$ErrorActionPreference='Stop'`,
    `[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false`,
    `$all=@(Get-CimInstance Win32_Process${filter} -Property ProcessId,ParentProcessId,CreationDate,CommandLine | ForEach-Object { [pscustomobject]@{ pid=$_.ProcessId; parent=$_.ParentProcessId; started=if ($_.CreationDate) { [string]$_.CreationDate.ToFileTimeUtc() } else { $null }; command=$_.CommandLine } })`,
    `ConvertTo-Json -Compress -InputObject $all`,
  ].join('; ');
}

/** Parses the script's output. The system's own processes, without start time or command, are left out. */
export function parseWin32Processes(text: string): Win32Process[] {
  const rows = z.array(processSchema).parse(JSON.parse(text.replace(/^\uFEFF/, '')));
  return rows.flatMap(({ pid, parent, started, command }) =>
    started === null || command === null ? [] : [{ pid, parent, started, command }],
  );
}

/**
 * Processes whose command line contains `mark`, and their living descendants; each with the pid of the root of its tree. A parent
 * that started later than its child is another process with a reused pid.
 */
export function findMarkedTrees(
  processes: readonly Win32Process[],
  mark: string,
): { process: Win32Process; root: number }[] {
  const byPid = new Map(processes.map((one) => [one.pid, one]));
  return processes.flatMap((process) => {
    let root: number | null = null;
    const seen = new Set<number>();
    for (
      let one: Win32Process | undefined = process;
      one && !seen.has(one.pid);
      one = findParent(byPid, one)
    ) {
      seen.add(one.pid);
      if (one.command.includes(mark)) root = one.pid;
    }
    return root === null ? [] : [{ process, root }];
  });
}

function findParent(byPid: ReadonlyMap<number, Win32Process>, child: Win32Process): Win32Process | undefined {
  const parent = byPid.get(child.parent);
  return parent && BigInt(parent.started) <= BigInt(child.started) ? parent : undefined;
}
