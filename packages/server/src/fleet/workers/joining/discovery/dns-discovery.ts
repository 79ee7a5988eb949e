import { isDeepStrictEqual } from 'node:util';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import { toError } from '../../../../platform/errors/app-error.ts';
import type { Scope } from '../../../../platform/lifecycle/scope.ts';
import type { Logger } from '../../../../platform/logging/logger.ts';
import type { Clock } from '../../../../platform/time/clock.ts';
import type { WorkerRegistry, WorkerSnapshot } from '../../registry.ts';
import type { WorkerSpec } from '../../worker-spec.ts';
import type { DiscoveryConfig, DnsConfig } from '../settings.ts';
import { planAddresses, planServices, type SrvRecord, toDiscoverer } from './dns-targets.ts';

/** The part of node:dns/promises' Resolver that is used; rejects with an error with the `code` of c-ares. */
export interface DnsResolver {
  resolveSrv(name: string): Promise<SrvRecord[]>;
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
}

export interface DnsDiscoveryDeps {
  registry: Pick<WorkerRegistry, 'list' | 'find' | 'add' | 'depart'>;
  resolver: DnsResolver;
  /** Read each time, because the file may change. */
  discovery: () => DiscoveryConfig;
  clock: Clock;
  logger: Logger;
}

/** Codes that are answers, not failures: the name has no such record now. */
const NOTHING_THERE = new Set(['ENODATA', 'ENOTFOUND']);

/** Looks the names up now and then periodically, until the scope closes. */
export function openDnsDiscovery(scope: Scope, deps: DnsDiscoveryDeps): DnsDiscovery {
  const discovery = new DnsDiscovery(deps);
  const loop = runLoop(scope.signal, discovery, deps);
  scope.add('dns discovery', () => loop);
  return discovery;
}

async function runLoop(
  signal: AbortSignal,
  discovery: DnsDiscovery,
  { clock, logger, discovery: read }: DnsDiscoveryDeps,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await discovery.lookUp();
      await clock.sleep(read().dnsIntervalMs, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      logger.error('dns.lookup_failed', { error: thrown });
      await clock.sleep(read().dnsIntervalMs, signal).catch(() => undefined); // the loop sees the abort
    }
  }
}

/**
 * Workers by DNS name: a worker with a record joins; one whose record is gone drains, and leaves after a grace period. A name
 * that cannot be looked up keeps its last answer.
 */
export class DnsDiscovery {
  readonly #deps: DnsDiscoveryDeps;
  /** Worker name → its last record; a worker that an admin removed is not added again while its record stays. */
  readonly #planned = new Map<string, WorkerSpec>();
  readonly #failing = new Set<string>();

  constructor(deps: DnsDiscoveryDeps) {
    this.#deps = deps;
  }

  /** Looks every name up once. */
  async lookUp(): Promise<void> {
    const { discovery, registry } = this.#deps;
    const { mode, dns } = discovery();
    const entries = mode === 'static' ? [] : dns;
    const results = await Promise.all(entries.map((entry) => this.#resolve(entry)));
    const current = new Set<string>();
    const found = new Map<string, WorkerSpec>();
    entries.forEach((entry, index) => {
      const result = results[index];
      if (!result) current.add(toDiscoverer(entry));
      for (const spec of result ?? []) if (!found.has(spec.name)) found.set(spec.name, spec);
    });
    for (const spec of found.values()) await this.#join(spec);
    for (const worker of registry.list().filter(isFromDns)) {
      if (found.has(worker.name) || current.has(worker.discoveredBy ?? '')) continue;
      await this.#leave(worker);
    }
    for (const [name, { discoveredBy }] of this.#planned) {
      if (!found.has(name) && !current.has(discoveredBy ?? '')) this.#planned.delete(name);
    }
  }

  async #join(spec: WorkerSpec): Promise<void> {
    const { registry, logger } = this.#deps;
    const before = this.#planned.get(spec.name);
    const worker = registry
      .list()
      .find(({ name, discoveredBy }) => name === spec.name && discoveredBy !== null);
    if (before && !worker) return;
    if (worker && !worker.leaving && isDeepStrictEqual(before, spec)) return;
    this.#planned.set(spec.name, spec);
    await registry.add(spec).catch((thrown: unknown) => {
      this.#planned.delete(spec.name);
      logger.warn('dns.worker_refused', { worker: spec.name, error: thrown });
    });
  }

  async #leave(worker: WorkerSnapshot): Promise<void> {
    if (worker.leaving) return;
    const { registry, discovery } = this.#deps;
    const params = { name: worker.discoveredBy ?? worker.name };
    const reason: FleetText = { code: 'worker.no_dns_record', params };
    await registry.depart(worker.id, { reason, graceMs: discovery().dnsGraceMs });
  }

  /** Returns null when the lookup failed. */
  async #resolve(entry: DnsConfig): Promise<WorkerSpec[] | null> {
    const { logger } = this.#deps;
    const key = toDiscoverer(entry);
    try {
      const specs = await this.#ask(entry);
      if (this.#failing.delete(key)) logger.info('dns.answers_again', { name: entry.name });
      return specs;
    } catch (thrown) {
      const { message } = toError(thrown);
      if (!this.#failing.has(key)) logger.warn('dns.no_answer', { name: entry.name, error: message });
      this.#failing.add(key);
      return null;
    }
  }

  async #ask(entry: DnsConfig): Promise<WorkerSpec[]> {
    const { resolver } = this.#deps;
    switch (entry.type) {
      case 'SRV':
        return planServices(entry, await orNothing(resolver.resolveSrv(entry.name)));
      case 'A':
        return planAddresses(entry, await orNothing(resolver.resolve4(entry.name)));
      case 'AAAA':
        return planAddresses(entry, await orNothing(resolver.resolve6(entry.name)));
      default: {
        const unknownType: never = entry.type;
        return unknownType;
      }
    }
  }
}

async function orNothing<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (thrown) {
    const error = toError(thrown);
    if ('code' in error && NOTHING_THERE.has(String(error.code))) return [];
    throw error;
  }
}

function isFromDns(worker: WorkerSnapshot): boolean {
  return worker.discoveredBy?.startsWith('dns ') ?? false;
}
