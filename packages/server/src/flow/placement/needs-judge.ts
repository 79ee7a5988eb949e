import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { type JudgedNeeds, judgeNeeds } from './judge-needs.ts';
import type { Needs } from './needs.ts';

/** How many different needs are remembered. */
const MAX_REMEMBERED = 2000;

/** `judgeNeeds` by the kinds of workers that are known; equal needs, as the tasks of a batch have, are judged once. */
export class NeedsJudge {
  readonly kinds: readonly WorkerKind[];
  readonly #judged = new Map<string, JudgedNeeds<Needs>>();

  constructor(kinds: readonly WorkerKind[]) {
    this.kinds = kinds;
  }

  judge<T extends Needs>(needs: T): JudgedNeeds<T> {
    const key = JSON.stringify(needs);
    const known = this.#judged.get(key);
    // What has the same text has the same members.
    if (known) return known as JudgedNeeds<T>;
    const judged = judgeNeeds(needs, this.kinds);
    const [oldest] = this.#judged.keys();
    if (this.#judged.size >= MAX_REMEMBERED && oldest !== undefined) this.#judged.delete(oldest);
    this.#judged.set(key, judged);
    return judged;
  }
}
