import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { Needs } from './needs.ts';
import { type ResolvedNeeds, resolveNeeds } from './resolve-needs.ts';

/** How many different needs are remembered. */
const MAX_REMEMBERED = 2000;

/** `resolveNeeds` by the kinds of workers that are known; equal needs, as the tasks of a batch have, are resolved once. */
export class NeedsResolver {
  readonly kinds: readonly WorkerKind[];
  readonly #resolved = new Map<string, ResolvedNeeds<Needs>>();

  constructor(kinds: readonly WorkerKind[]) {
    this.kinds = kinds;
  }

  resolve<T extends Needs>(needs: T): ResolvedNeeds<T> {
    const key = JSON.stringify(needs);
    const known = this.#resolved.get(key);
    // What has the same text has the same members.
    if (known) return known as ResolvedNeeds<T>;
    const resolved = resolveNeeds(needs, this.kinds);
    const [oldest] = this.#resolved.keys();
    if (this.#resolved.size >= MAX_REMEMBERED && oldest !== undefined) this.#resolved.delete(oldest);
    this.#resolved.set(key, resolved);
    return resolved;
  }
}
