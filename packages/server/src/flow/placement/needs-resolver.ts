import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { RecentValues } from '../../platform/memory/recent-values.ts';
import type { Needs } from './needs.ts';
import { type ResolvedNeeds, resolveNeeds } from './resolve-needs.ts';

/** How many different needs are remembered. */
const MAX_REMEMBERED = 2000;

/** `resolveNeeds` by the kinds of workers that are known; equal needs, as the tasks of a batch have, are resolved once. */
export class NeedsResolver {
  readonly kinds: readonly WorkerKind[];
  readonly #resolved = new RecentValues<string, ResolvedNeeds<Needs>>(MAX_REMEMBERED);

  constructor(kinds: readonly WorkerKind[]) {
    this.kinds = kinds;
  }

  resolve<T extends Needs>(needs: T): ResolvedNeeds<T> {
    const resolved = this.#resolved.use(JSON.stringify(needs), () => resolveNeeds(needs, this.kinds));
    // What has the same text has the same members.
    return resolved as ResolvedNeeds<T>;
  }
}
