import type { Logger } from '../../platform/logging/logger.ts';
import { hasArgument, programOf } from '../../platform/process/command-line.ts';
import { isAlive, type ProcessInfo, type ProcessTable } from '../../platform/process/process-table.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { InstanceRecord } from './instance-records.ts';

/** Environment variable with the instance's id, inherited by all child processes; the id is also in the process's arguments. */
export const MARK = 'COMFLEET_INSTANCE';

/** A process blocked in the kernel (disk, GPU driver) may outlive its SIGKILL; we wait for a second at most. */
const GONE_TURNS = 50;
const GONE_TURN_MS = 20;

/** Finds the instance's living process by pid, start, boot and the mark in its arguments; null when there is none. */
export async function findOwnProcess(
  record: InstanceRecord,
  table: ProcessTable,
): Promise<ProcessInfo | null> {
  const info = record.pid === null ? null : await table.inspect(record.pid);
  const same = info?.startStamp === record.startStamp && info?.bootId === record.bootId;
  if (info && same && hasArgument(info.commandLine, record.marker)) return info;
  // We may have ended between the spawn and storing its pid.
  const marked = await table.findMarked(MARK, record.id);
  return marked.find((one) => one.pid === one.group && hasArgument(one.commandLine, record.marker)) ?? null;
}

/** Kills leftover processes of an instance, each verified by its mark, and waits until they are gone. */
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
