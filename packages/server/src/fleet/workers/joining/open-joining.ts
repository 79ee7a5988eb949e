import type { HttpTransport } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import type { Scope } from '../../../platform/lifecycle/scope.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { WorkerRegistry } from '../registry.ts';
import { openDepartures } from './departures.ts';
import { type Announcements, openAnnouncements } from './discovery/announcements.ts';
import { type DnsResolver, openDnsDiscovery } from './discovery/dns-discovery.ts';
import { openUdpAnnouncements } from './discovery/udp-announcements.ts';
import { Enrolment } from './enrolment.ts';
import type { DiscoveryConfig } from './settings.ts';

export interface JoiningDeps {
  registry: WorkerRegistry;
  /** The current configuration. */
  config: { readonly current: { readonly file: string | null; readonly discovery: DiscoveryConfig } };
  transport: HttpTransport;
  resolver: DnsResolver;
  /** Whether a text is a join token that an admin handed out. */
  isJoinToken: (text: string) => Promise<boolean>;
  clock: Clock;
  logger: Logger;
  /** Our prompts on each worker, including claims in progress. */
  loads: () => Promise<ReadonlyMap<WorkerId, number>>;
}

/** All ways into the fleet and out of it, besides the file and our own processes. */
export interface Joining {
  readonly enrolment: Enrolment;
  readonly announcements: Announcements;
}

/** Opens registration, announcements, DNS lookups and departures. Throws when the UDP port is taken. */
export async function openJoining(scope: Scope, deps: JoiningDeps): Promise<Joining> {
  const { registry, config, clock, logger } = deps;
  const discovery = () => config.current.discovery;
  const configFile = () => config.current.file;
  const enrolment = new Enrolment({ ...deps, configFile, signal: scope.signal });
  openDepartures(scope, deps);
  openDnsDiscovery(scope, { registry, resolver: deps.resolver, discovery, clock, logger });
  const announcements = openAnnouncements(scope, {
    ...{ registry, enrolment, discovery, isJoinToken: deps.isJoinToken, clock, logger },
  });
  const { udp } = discovery();
  if (udp) await openUdpAnnouncements(scope, udp, { announcements, discovery, clock, logger });
  return { enrolment, announcements };
}
