import type { Logger } from '../../platform/logging/logger.ts';
import { hasArgument, programOf } from '../../platform/process/command-line.ts';
import { isAlive, type ProcessInfo, type ProcessTable } from '../../platform/process/process-table.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { InstanceRecord } from './instance-records.ts';

/** In the environment of an instance's process and of all it starts: the instance's id, which also stands in the process's arguments. */
export const MARK = 'COMFLEET_INSTANCE';

/** A process in the kernel's hands (disk, GPU driver) may outlive its SIGKILL; after a second we go on. */
const GONE_TURNS = 50;
const GONE_TURN_MS = 20;

/** The instance's living process, proved by pid, start, boot and the mark in its arguments; null when there is none. */
export async function findOwnProcess(
  record: InstanceRecord,
  table: ProcessTable,
): Promise<ProcessInfo | null> {
  const info = record.pid === null ? null : await table.inspect(record.pid);
  const same = info?.startStamp === record.startStamp && info?.bootId === record.bootId;
  if (info && same && hasArgument(info.commandLine, record.marker)) return info;
  // We may have ended between the spawn and the write of its pid.
  const marked = await table.findMarked(MARK, record.id);
  return marked.find((one) => one.pid === one.group && hasArgument(one.commandLine, record.marker)) ?? null;
}

/** Kills what an instance left: processes that carry its mark, proved one by one; waits until they are gone. */
export async function sweepMarked(
  record: InstanceRecord,
  { table, clock, logger }: { table: ProcessTable; clock: Clock; logger: Logger },
): Promise<void> {
  for (const info of await table.findMarked(MARK, record.id)) {
    if (!(await isAlive(table, info)) || !table.kill(info.pid)) continue;
    const program = programOf(info.commandLine);
    logger.warn('instance.swept', { instanceId: record.id, pid: info.pid, program });
    for (let turn = 0; turn < GONE_TURNS && (await isAlive(table, info)); turn += 1)
      await clock.sleep(GONE_TURN_MS);
  }
}
