import type { ObjectInfo } from '@comfleet/comfyui';
import type { Inventory } from './inventory.ts';
import { type ModelKinds, toStoredKinds } from './model-kinds.ts';
import { type ModelSizes, toStoredSizes } from './model-sizes.ts';

type Models = Inventory['models'];

/**
 * Workers of one fleet mostly tell the same: equal parts of their inventories are held in memory once. What no inventory
 * holds any more is let go.
 */
export class SharedInventories {
  readonly #objectInfos = new Map<string, WeakRef<ObjectInfo>>();
  readonly #classTypes = new WeakMap<ObjectInfo, ReadonlySet<string>>();
  readonly #models = new Map<string, WeakRef<Models>>();
  readonly #sizes = new Map<string, WeakRef<ModelSizes>>();
  readonly #kinds = new Map<string, WeakRef<ModelKinds>>();

  findObjectInfo(hash: string): ObjectInfo | null {
    return this.#objectInfos.get(hash)?.deref() ?? null;
  }

  /** The one that is held under this hash; this one from now on when there is none. */
  shareObjectInfo(hash: string, objectInfo: ObjectInfo): ObjectInfo {
    return shareUnder(this.#objectInfos, hash, objectInfo);
  }

  /** The same inventory made of shared parts. */
  share(inventory: Inventory): Inventory {
    const objectInfo = this.shareObjectInfo(inventory.objectInfoHash, inventory.objectInfo);
    const known = this.#classTypes.get(objectInfo);
    // What a server replaces counts too, and is not told by object_info.
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
