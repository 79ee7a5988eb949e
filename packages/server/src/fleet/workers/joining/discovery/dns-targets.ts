import type { WorkerGroup } from '@comfleet/contract';
import type { WorkerSpec } from '../../worker-spec.ts';
import type { DnsConfig } from '../settings.ts';

/** An SRV record (RFC 2782): the lowest priority comes first, weights distribute among equals. */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** The origin of a worker that was found by a DNS lookup. */
export function toDiscoverer({ type, name }: DnsConfig): string {
  return `dns ${type} ${name}`;
}

/** Workers for A or AAAA records, named by address and port. */
export function planAddresses(entry: DnsConfig, addresses: readonly string[]): WorkerSpec[] {
  return addresses.map((address) => {
    const host = address.includes(':') ? `[${address}]` : address;
    const { group, weight } = entry;
    return describe(entry, { host, port: entry.port, group: group ?? 'primary', weight: weight ?? 1 });
  });
}

/**
 * Workers for SRV records. Settings of the file win; else the lowest priority is the primary group, all others are backups, and
 * a weight of 0 counts as 1.
 */
export function planServices(entry: DnsConfig, records: readonly SrvRecord[]): WorkerSpec[] {
  const first = Math.min(...records.map(({ priority }) => priority));
  return records.map(({ name, port, priority, weight }) => {
    const group: WorkerGroup = priority === first ? 'primary' : 'backup';
    return describe(entry, {
      host: name.replace(/\.$/, '').toLowerCase(),
      port,
      group: entry.group ?? group,
      weight: entry.weight ?? Math.min(1000, Math.max(1, weight)),
    });
  });
}

function describe(
  entry: DnsConfig,
  found: { host: string; port: number; group: WorkerGroup; weight: number },
): WorkerSpec {
  const { maxConcurrent, capabilities, labels, priority, enabled, metadata } = entry;
  const { host, port, group, weight } = found;
  return {
    name: `${host}:${port}`,
    url: `http://${host}:${port}`,
    source: 'discovered',
    discoveredBy: toDiscoverer(entry),
    maxConcurrent,
    capabilities,
    labels,
    group,
    weight,
    priority,
    enabled,
    metadata,
  };
}
