import { ComfyHttp, type ComfySocket, type HttpTransport } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import type { Gate } from '../../../platform/lifecycle/gate.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Clock, Random } from '../../../platform/time/clock.ts';
import type { CompiledFleetOptions } from '../fleet-options.ts';
import type { FleetComparison } from '../health/fleet-comparison.ts';
import { HealthTracker } from '../health/health-tracker.ts';
import { ProgressProbe } from '../health/progress-probe.ts';
import { ServerCheck } from '../health/server-check.ts';
import { watchTransport } from '../health/watch-transport.ts';
import type { ConditionChange } from '../health/worker-condition.ts';
import { IdentityGuard } from '../identity/identity-guard.ts';
import type { Twins } from '../identity/twins.ts';
import type { WorkerIdentities } from '../identity/worker-identities.ts';
import { InventoryCache } from '../inventory/inventory-cache.ts';
import type { SharedInventories } from '../inventory/shared-inventories.ts';
import { LastSeen } from '../records/last-seen.ts';
import type { WorkerRecord, WorkerRecords } from '../records/worker-records.ts';
import { openTransport, type WorkerAccess } from '../worker-access.ts';
import type { ChangeFacts, WorkerChangeType } from '../worker-snapshot.ts';

export interface WatchDeps {
  records: WorkerRecords;
  identities: WorkerIdentities;
  shared: SharedInventories;
  inventoryGate: Gate;
  clock: Clock;
  random: Random;
  logger: Logger;
  transport: HttpTransport;
  options: CompiledFleetOptions;
  openSocket: (url: string, access: () => WorkerAccess) => ComfySocket;
  onChange: (type: WorkerChangeType, cause: FleetText, facts?: ChangeFacts) => void;
  comparison: Pick<FleetComparison, 'canSpare' | 'isSlow' | 'leastAwayMs'>;
  twins: Pick<Twins, 'arrive' | 'leave' | 'review' | 'isUndecided' | 'findFirst'>;
  /** Name of a worker of the fleet. */
  nameOf: (id: WorkerId) => string | null;
  /** Asks the owner of the process for a restart. */
  requestRestart: (reason: FleetText) => void;
}

/** Calls from the parts to their worker. */
export interface WatchHooks {
  /** A call through `http` failed. */
  markSuspect: () => void;
  /** True for a process that we started. */
  isOurs: () => boolean;
  access: () => WorkerAccess;
  onCondition: (change: ConditionChange) => void;
  signal: AbortSignal;
}

/** Parts of a watched worker; each is about one aspect of the server. */
export interface WatchParts {
  http: ComfyHttp;
  /** For the same server; a failure here does not trigger a check. */
  quietHttp: ComfyHttp;
  socket: ComfySocket;
  guard: IdentityGuard;
  progress: ProgressProbe;
  check: ServerCheck;
  health: HealthTracker;
  inventory: InventoryCache;
  seen: LastSeen;
}

export function createWatchParts(record: WorkerRecord, deps: WatchDeps, hooks: WatchHooks): WatchParts {
  const { clock, random, logger, records, options } = deps;
  const { url } = record.spec;
  const plain = openTransport(deps.transport, hooks.access);
  const transport = watchTransport(plain, hooks.markSuspect);
  const http = new ComfyHttp({ baseUrl: url, transport, clock });
  const guard = new IdentityGuard({ workerId: record.id, url, identities: deps.identities, logger });
  const progress = new ProgressProbe({ clock, http, limitMs: options.rules.health.busyLimitMs });
  return {
    http,
    quietHttp: new ComfyHttp({ baseUrl: url, transport: plain, clock }),
    socket: deps.openSocket(url, hooks.access),
    guard,
    progress,
    // Its own failures are results of checks, so they must not trigger one.
    check: new ServerCheck({ ...options, transport: plain, clock, guard, progress }),
    health: new HealthTracker({
      clock,
      options,
      observe: () => ({
        isBusy: progress.isBusy,
        isOurs: hooks.isOurs(),
        canSpare: () => deps.comparison.canSpare(record.id),
        isSlow: (own) => deps.comparison.isSlow(record.id, own),
      }),
      onChange: hooks.onCondition,
    }),
    inventory: new InventoryCache(
      {
        http,
        transport,
        clock,
        random,
        logger,
        save: (loaded) => records.saveInventory(record.id, loaded),
        shared: deps.shared,
        gate: deps.inventoryGate,
        periodMs: options.inventoryPeriodMs,
        signal: hooks.signal,
        onChange: (cause, durationMs) => deps.onChange('worker.inventory', cause, { durationMs }),
      },
      record.inventory,
    ),
    seen: new LastSeen({ workerId: record.id, records, clock, logger }, record.lastSeenMs),
  };
}
