import type { InstanceId } from '@comfleet/contract';
import { plainText } from '@comfleet/contract';
import type { AppError } from '../../platform/errors/app-error.ts';
import type { PortProbe } from '../../platform/process/free-port.ts';
import type { InstanceRecord, InstanceRecords } from './instance-records.ts';
import { refuseInstance } from './refuse-instance.ts';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface LeaseOptions {
  records: InstanceRecords;
  isFree: PortProbe;
  host: string;
  range: PortRange;
}

/**
 * Reserves a port for a new instance in SQL, before it is used; `create` inserts its row. Throws INSTANCE_CONFIG when every port
 * of the range is taken.
 */
export async function leaseFirstPort(
  options: LeaseOptions,
  create: (port: number) => Promise<boolean>,
): Promise<number> {
  for await (const port of freePorts(options, null)) if (await create(port)) return port;
  throw exhausted(options.range);
}

/** Returns the instance's own port if it is free, else another of the range, stored in SQL first. */
export async function leasePortAgain(record: InstanceRecord, options: LeaseOptions): Promise<number> {
  if (isInRange(record.port, options.range) && (await options.isFree(options.host, record.port))) {
    return record.port;
  }
  for await (const port of freePorts(options, record.id)) {
    if (await options.records.movePort(record.id, port)) return port;
  }
  throw exhausted(options.range);
}

async function* freePorts(
  { records, isFree, host, range }: LeaseOptions,
  own: InstanceId | null,
): AsyncGenerator<number> {
  const leased = await records.listPorts();
  for (let port = range.first; port <= range.last; port += 1) {
    const owner = leased.get(port);
    if (owner !== undefined && owner !== own) continue;
    if (await isFree(host, port)) yield port;
  }
}

function isInRange(port: number, { first, last }: PortRange): boolean {
  return port >= first && port <= last;
}

function exhausted({ first, last }: PortRange): AppError {
  return refuseInstance('port_range', `${first}-${last}`, plainText('instance.ports_taken'));
}
