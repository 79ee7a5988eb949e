import type { Inventory } from '../../../fleet/workers/inventory/inventory.ts';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Scope } from '../../../platform/lifecycle/scope.ts';
import type { NamedWorker } from '../../placement/needs.ts';

/** What at least one worker of the fleet offers, offline workers included. */
export interface KnownInventory {
  readonly inventory: Inventory;
  /** Task types it takes; empty means all. */
  readonly capabilities: readonly string[];
  /** The workers that offer it: a task may ask for some of them. */
  readonly workers: readonly NamedWorker[];
}

/**
 * What the fleet is known to offer, each combination once: a graph is judged against kinds of workers, not against a
 * thousand equal ones. Collected anew when the fleet has changed, at the next question.
 */
export function openKnownInventories(
  scope: Scope,
  fleet: Pick<WorkerRegistry, 'list' | 'onChange'>,
): () => readonly KnownInventory[] {
  let known: readonly KnownInventory[] | null = null;
  scope.add(
    'known inventories',
    fleet.onChange(() => {
      known = null;
    }),
  );
  return () => {
    known ??= collectKinds(fleet.list());
    return known;
  };
}

type KnownWorker = NamedWorker & { inventory: Inventory | null; capabilities: readonly string[] };
type CollectedKind = KnownInventory & { workers: NamedWorker[] };

/** Equal parts of inventories are the same objects, so that kinds are told apart by identity. */
export function collectKinds(fleet: readonly KnownWorker[]): KnownInventory[] {
  const kinds = new Map<Inventory['objectInfo'], Map<Inventory['models'], Map<string, CollectedKind>>>();
  for (const worker of fleet) {
    const { inventory, capabilities } = worker;
    if (inventory === null) continue;
    const { objectInfo, models, maxUploadBytes, vramTotal } = inventory;
    const byModels = kinds.get(objectInfo) ?? new Map<Inventory['models'], Map<string, CollectedKind>>();
    const byRest = byModels.get(models) ?? new Map<string, CollectedKind>();
    kinds.set(objectInfo, byModels.set(models, byRest));
    const rest = JSON.stringify([maxUploadBytes, vramTotal, capabilities]);
    const kind = byRest.get(rest) ?? { inventory, capabilities, workers: [] };
    kind.workers.push(worker);
    byRest.set(rest, kind);
  }
  return [...kinds.values()].flatMap((byModels) =>
    [...byModels.values()].flatMap((byRest) => [...byRest.values()]),
  );
}
