import type { ObjectInfo } from '@comfleet/comfyui';
import type { Inventory } from './inventory.ts';
import { type ModelKinds, toStoredKinds } from './model-kinds.ts';
import { type ModelSizes, toStoredSizes } from './model-sizes.ts';

type Models = Inventory['models'];

/** Keeps equal parts of inventories in memory once, because workers of a fleet are mostly alike. Unused parts are released. */
export class SharedInventories {
  readonly #objectInfos = new Map<string, WeakRef<ObjectInfo>>();
  readonly #classTypes = new WeakMap<ObjectInfo, ReadonlySet<string>>();
  readonly #models = new Map<string, WeakRef<Models>>();
  readonly #sizes = new Map<string, WeakRef<ModelSizes>>();
  readonly #kinds = new Map<string, WeakRef<ModelKinds>>();

  findObjectInfo(hash: string): ObjectInfo | null {
    return this.#objectInfos.get(hash)?.deref() ?? null;
  }

  /** Returns the object_info kept under this hash, or keeps and returns the given one. */
  shareObjectInfo(hash: string, objectInfo: ObjectInfo): ObjectInfo {
    return shareUnder(this.#objectInfos, hash, objectInfo);
  }

  /** Returns the same inventory, built from shared parts. */
  share(inventory: Inventory): Inventory {
    const objectInfo = this.shareObjectInfo(inventory.objectInfoHash, inventory.objectInfo);
    const known = this.#classTypes.get(objectInfo);
    // Replaced classes count too, and are not part of object_info.
    const classTypes = known?.size === inventory.classTypes.size ? known : inventory.classTypes;
    this.#classTypes.set(objectInfo, classTypes);
    return {
      ...inventory,
      objectInfo,
      classTypes,
      models: shareUnder(this.#models, toKey(inventory.models), inventory.models),
      modelSizes: shareUnder(
        this.#sizes,
        JSON.stringify(toStoredSizes(inventory.modelSizes)),
        inventory.modelSizes,
      ),
      modelKinds: shareUnder(
        this.#kinds,
        JSON.stringify(toStoredKinds(inventory.modelKinds)),
        inventory.modelKinds,
      ),
    };
  }
}

function shareUnder<T extends object>(held: Map<string, WeakRef<T>>, key: string, value: T): T {
  const known = held.get(key)?.deref();
  if (known) return known;
  held.set(key, new WeakRef(value));
  return value;
}

function toKey(models: Models): string {
  return JSON.stringify([...models].map(([folder, names]) => [folder, ...[...names].sort()]).sort());
}
