import type { Inventory } from '../../../fleet/workers/inventory/inventory.ts';
import { listKinds } from '../../../fleet/workers/inventory/worker-kind.ts';
import type { WorkerRegistry, WorkerSnapshot } from '../../../fleet/workers/registry.ts';
import type { Scope } from '../../../platform/lifecycle/scope.ts';
import type { NamedWorker } from '../../placement/needs.ts';
import { NeedsResolver } from '../../placement/needs-resolver.ts';

/** What at least one worker of the fleet offers, including offline workers. */
export interface KnownInventory {
  readonly inventory: Inventory;
  /** Accepted task types; empty means all. */
  readonly capabilities: readonly string[];
  /** The workers that offer it, for tasks with constraints. */
  readonly workers: readonly NamedWorker[];
  /** True when one of them is in service, or was not checked yet: right after a start no worker counts as away. */
  readonly isOnline: boolean;
}

/** Everything the fleet is known to offer. */
export interface KnownOffers {
  /** Each combination once, including offline workers: a graph is checked against kinds, not against a thousand equal workers. */
  inventories(): readonly KnownInventory[];
  /** Resolves needs against their kinds of workers. */
  resolver(): NeedsResolver;
}

/** Opens the offers; after a change of the fleet they are collected again on demand. */
export function openKnownOffers(scope: Scope, fleet: Pick<WorkerRegistry, 'list' | 'onChange'>): KnownOffers {
  let known: readonly KnownInventory[] | null = null;
  let resolver: NeedsResolver | null = null;
  scope.add(
    'known inventories',
    fleet.onChange(() => {
      known = null;
      resolver = null;
    }),
  );
  const inventories = () => {
    known ??= collectKinds(fleet.list());
    return known;
  };
  return {
    inventories,
    resolver: () => {
      resolver ??= new NeedsResolver(listKinds(inventories().map(({ inventory }) => inventory)));
      return resolver;
    },
  };
}

type KnownWorker = NamedWorker &
  Pick<WorkerSnapshot, 'inventory' | 'capabilities' | 'health'> & { state: string };

/** Collects kinds by identity: equal parts of inventories are the same objects. */
export function collectKinds(fleet: readonly KnownWorker[]): KnownInventory[] {
  const numbers = new Map<object, number>();
  const toNumber = (part: object) => numbers.set(part, numbers.get(part) ?? numbers.size).get(part);
  const kinds = new Map<string, KnownInventory & { workers: NamedWorker[]; isOnline: boolean }>();
  for (const worker of fleet) {
    const { inventory, capabilities, state, health } = worker;
    if (inventory === null) continue;
    const { objectInfo, models, modelKinds, maxUploadBytes, vramTotal } = inventory;
    const parts = [objectInfo, models, modelKinds].map(toNumber);
    const key = JSON.stringify([...parts, maxUploadBytes, vramTotal, capabilities]);
    const kind = kinds.get(key) ?? { inventory, capabilities, workers: [], isOnline: false };
    kind.workers.push(worker);
    kind.isOnline ||= state === 'online' || health === 'unknown';
    kinds.set(key, kind);
  }
  return [...kinds.values()];
}
