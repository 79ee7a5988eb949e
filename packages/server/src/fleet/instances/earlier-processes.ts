import type { Logger } from '../../platform/logging/logger.ts';
import { endProcess } from '../../platform/process/end-process.ts';
import type { ProcessTable } from '../../platform/process/process-table.ts';
import { adoptProcess } from '../../platform/process/running-process.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { CompiledInstancesOptions } from './instance-options.ts';
import type { InstanceRecords } from './instance-records.ts';
import { findOwnProcess, sweepMarked } from './own-process.ts';

export interface EarlierDeps {
  records: InstanceRecords;
  table: ProcessTable;
  clock: Clock;
  logger: Logger;
}

const STOPPED = { pid: null, start_ticks: null, boot_id: null, state: 'stopped' };

/** Marks rows whose process is gone as stopped; living processes wait for a start to adopt them (PS22). */
export async function forgetDead({ records, table, logger }: Omit<EarlierDeps, 'clock'>): Promise<void> {
  for (const { id, name, pid, startStamp, bootId } of await records.list()) {
    if (pid === null) continue;
    const info = await table.inspect(pid);
    if (info && info.startStamp === startStamp && info.bootId === bootId) {
      logger.info('instance.still_alive', { instanceId: id, instance: name, pid });
    } else {
      await records.update(id, STOPPED);
    }
  }
}

/** Ends processes of earlier runs that were not started again, because they are no longer configured. */
export async function stopUnclaimed(
  deps: EarlierDeps,
  isClaimed: (instanceId: string) => boolean,
  { stopGraceMs, terminateGraceMs }: Pick<CompiledInstancesOptions, 'stopGraceMs' | 'terminateGraceMs'>,
): Promise<void> {
  const { records, table, clock, logger } = deps;
  const never = new AbortController().signal;
  for (const record of await records.list()) {
    if (isClaimed(record.id)) continue;
    const info = await findOwnProcess(record, table);
    if (info === null) continue;
    logger.info('instance.unclaimed', { instanceId: record.id, instance: record.name, pid: info.pid });
    const running = adoptProcess(info, { table, clock, signal: never });
    await endProcess(running, { clock, interruptGraceMs: stopGraceMs, terminateGraceMs });
    await sweepMarked(record, deps);
    await records.update(record.id, STOPPED);
  }
}
