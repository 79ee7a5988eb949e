import { createHash, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { plainText, type WorkerId } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import { AppError } from '../../../../platform/errors/app-error.ts';
import { AttemptLimit } from '../../../../platform/http/attempt-limit.ts';
import { every } from '../../../../platform/lifecycle/every.ts';
import type { Scope } from '../../../../platform/lifecycle/scope.ts';
import type { Logger } from '../../../../platform/logging/logger.ts';
import type { Clock } from '../../../../platform/time/clock.ts';
import type { ConnectedWorker, WorkerRegistry, WorkerSnapshot } from '../../registry.ts';
import { normalizeWorkerUrl, type WorkerSettings } from '../../worker-spec.ts';
import type { Enrolment } from '../enrolment.ts';
import type { DiscoveryConfig } from '../settings.ts';

/** What a worker announces about itself. */
export interface Announcement extends WorkerSettings {
  readonly name: string;
  readonly url: string;
}

/** Where an announcement came from. */
export interface Announcer {
  /** Null when none was sent. */
  readonly token: string | null;
  /** Network address, for rate limits. */
  readonly address: string;
}

export interface AnnouncementsDeps {
  registry: Pick<WorkerRegistry, 'list' | 'findByName' | 'add' | 'remove' | 'depart'>;
  enrolment: Pick<Enrolment, 'register'>;
  /** Read each time, because the file may change. */
  discovery: () => DiscoveryConfig;
  /** Whether a text is a join token that an admin handed out, besides the one of the file. */
  isJoinToken: (text: string) => Promise<boolean>;
  clock: Clock;
  logger: Logger;
}

export const DISCOVERED_BY_ANNOUNCEMENT = 'announcement';

const MINUTE_MS = 60_000;
const MAX_FAILURES_A_MINUTE = 10;
/** Allows for a gateway in front of hundreds of workers. */
const MAX_ANNOUNCEMENTS_A_MINUTE = 1200;
const SWEEP_EVERY_MS = 30_000;

/** Opens registration with the join token, and removes workers that are gone for good. */
export function openAnnouncements(scope: Scope, deps: AnnouncementsDeps): Announcements {
  const announcements = new Announcements(deps);
  const { clock, logger } = deps;
  every(scope, { name: 'announcements', intervalMs: SWEEP_EVERY_MS, clock, logger }, () =>
    announcements.sweep(),
  );
  return announcements;
}

/** Workers that register themselves with a join token and announce themselves periodically (ND4, AU8). */
export class Announcements {
  readonly #deps: AnnouncementsDeps;
  readonly #failures: AttemptLimit;
  readonly #all: AttemptLimit;
  readonly #openedMs: number;
  /** Last announcement of each worker, and its wall-clock time. */
  readonly #received = new Map<WorkerId, { atMs: number; announcement: Announcement }>();

  constructor(deps: AnnouncementsDeps) {
    this.#deps = deps;
    this.#failures = new AttemptLimit(deps.clock, { max: MAX_FAILURES_A_MINUTE, windowMs: MINUTE_MS });
    this.#all = new AttemptLimit(deps.clock, { max: MAX_ANNOUNCEMENTS_A_MINUTE, windowMs: MINUTE_MS });
    this.#openedMs = deps.clock.nowMs();
  }

  /**
   * Adds a worker, or records that it is still there; changes by an admin are kept. Throws RATE_LIMITED, UNAUTHORIZED,
   * DISCOVERY_OFF, CONFLICT for the name or address of a worker that did not announce itself, and WORKER_UNREACHABLE for a new
   * one that does not answer.
   */
  async announce(announcement: Announcement, announcer: Announcer): Promise<ConnectedWorker> {
    await this.#admit(announcer);
    return this.accept(announcement);
  }

  /** The same for a worker that has already proven its right to join. */
  async accept(announcement: Announcement): Promise<ConnectedWorker> {
    const worker = await this.#enrol(announcement);
    this.#received.set(worker.id, { atMs: this.#deps.clock.nowMs(), announcement });
    return worker;
  }

  /** Removes workers without an announcement or an answer for long; with discovery_mode static all of them. */
  async sweep(): Promise<void> {
    const { registry, discovery, clock, logger } = this.#deps;
    const { mode, forgetAfterMs } = discovery();
    for (const worker of registry.list().filter(isAnnounced)) {
      if (mode === 'static') {
        const reason: FleetText = plainText('worker.static_discovery');
        if (!worker.leaving) await registry.depart(worker.id, { reason });
        continue;
      }
      const receivedMs = this.#received.get(worker.id)?.atMs ?? this.#openedMs;
      const silentMs = clock.nowMs() - Math.max(receivedMs, worker.lastSeenMs ?? 0);
      if (worker.health === 'online' || silentMs < Math.max(forgetAfterMs, this.#patienceMs())) continue;
      logger.info('worker.forgotten', { workerId: worker.id, worker: worker.name, silentMs });
      this.#received.delete(worker.id);
      await registry.remove(worker.id, plainText('worker.silent'));
    }
  }

  /** Allows for three lost announcements. */
  #patienceMs(): number {
    return 3 * this.#deps.discovery().announceIntervalMs;
  }

  async #admit({ token, address }: Announcer): Promise<void> {
    const { discovery, logger } = this.#deps;
    const { mode, joinToken } = discovery();
    if (mode === 'static') throw new AppError('DISCOVERY_OFF', { discovery_mode: mode });
    // Checked before any limit: wrong tokens from the same address must not lock the right one out.
    const isConfigured = token !== null && joinToken !== null && isSame(token, joinToken);
    if (isConfigured || (token !== null && (await this.#deps.isJoinToken(token)))) {
      if (!this.#all.allows(address)) throw new AppError('RATE_LIMITED');
      this.#all.count(address);
      return;
    }
    if (!this.#failures.allows(address)) throw new AppError('RATE_LIMITED');
    this.#failures.count(address);
    logger.warn('announcement.refused', { address });
    throw new AppError('UNAUTHORIZED', { needs: 'a join token' });
  }

  async #enrol(announcement: Announcement): Promise<ConnectedWorker> {
    const { registry, enrolment } = this.#deps;
    const spec = {
      ...announcement,
      source: 'discovered',
      discoveredBy: DISCOVERED_BY_ANNOUNCEMENT,
    } as const;
    const known = registry.findByName(announcement.name);
    if (!known) return enrolment.register(spec);
    const snapshot = known.snapshot();
    if (!isAnnounced(snapshot)) {
      throw new AppError('CONFLICT', { field: 'name', in_use_by: { name: known.name, url: known.url } });
    }
    if (known.url !== normalizeWorkerUrl(announcement.url)) return enrolment.register(spec);
    const last = this.#received.get(known.id)?.announcement;
    const isNews = !isDeepStrictEqual(last, announcement) || snapshot.leaving;
    return isNews ? registry.add(spec) : known;
  }
}

function isAnnounced(worker: WorkerSnapshot): boolean {
  return worker.discoveredBy === DISCOVERED_BY_ANNOUNCEMENT;
}

/** Compares in constant time. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
