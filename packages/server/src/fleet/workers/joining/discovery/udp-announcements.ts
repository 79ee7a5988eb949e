import { AppError } from '../../../../platform/errors/app-error.ts';
import { AttemptLimit } from '../../../../platform/http/attempt-limit.ts';
import type { Scope } from '../../../../platform/lifecycle/scope.ts';
import type { Logger } from '../../../../platform/logging/logger.ts';
import { openUdpListener } from '../../../../platform/net/udp-listener.ts';
import type { Clock } from '../../../../platform/time/clock.ts';
import { toWorkerSettings } from '../../worker-spec.ts';
import type { DiscoveryConfig } from '../settings.ts';
import type { Announcements } from './announcements.ts';
import { ReadOnce, readDatagram } from './datagram.ts';

export interface UdpAnnouncementsDeps {
  announcements: Pick<Announcements, 'accept'>;
  /** Read each time, because the file may change. */
  discovery: () => DiscoveryConfig;
  clock: Clock;
  logger: Logger;
}

const MAX_FAILURES_A_MINUTE = 60;

/** Listens for signed datagrams of workers (ND4) and returns the port. Never sends an answer. */
export async function openUdpAnnouncements(
  scope: Scope,
  { host, port }: { host: string; port: number },
  deps: UdpAnnouncementsDeps,
): Promise<number> {
  const { clock, logger } = deps;
  const failures = new AttemptLimit(clock, { max: MAX_FAILURES_A_MINUTE, windowMs: 60_000 });
  const once = new ReadOnce();
  const bound = await openUdpListener(scope, {
    host,
    port,
    logger,
    onMessage: (message, from) => {
      accept(message, deps, once).catch((thrown: unknown) => {
        // Limits the log only: the right worker may share the address of misuse.
        if (!failures.allows(from)) return;
        failures.count(from);
        logger.warn('announcement.refused', { from, error: thrown });
      });
    },
  });
  logger.info('udp.listening', { host, port: bound });
  return bound;
}

/** Accepts one datagram. Throws UNAUTHORIZED for an invalid one, and as `Announcements.accept`. */
async function accept(
  message: Uint8Array,
  { announcements, discovery, clock }: UdpAnnouncementsDeps,
  once: ReadOnce,
): Promise<void> {
  const { mode, joinToken } = discovery();
  if (mode === 'static' || joinToken === null) throw new AppError('DISCOVERY_OFF', { discovery_mode: mode });
  const read = readDatagram(message, joinToken, clock.nowMs());
  if (read === null) throw new AppError('UNAUTHORIZED', { needs: 'the join token' });
  if (!once.isFirst(read.signature, clock.nowMs())) return;
  const { name, url, ...settings } = read.announcement.worker;
  await announcements.accept({ name: name ?? new URL(url).host, url, ...toWorkerSettings(settings) });
}
