import type { BoardWorker } from './board-worker.ts';

/** Workers whose last prompt only waits there, indexed for preemption. Updated by the board. */
export class PrefetchedPrompts {
  readonly #places = new Map<BoardWorker, { rank: number; modelsKey: string }>();
  readonly #byRank = new Map<number, Set<BoardWorker>>();
  readonly #byModels = new Map<string, Set<BoardWorker>>();

  /** Updates the entry of a worker. */
  update(worker: BoardWorker): void {
    const before = this.#places.get(worker);
    const { prefetched } = worker;
    const rank = prefetched?.prompt.rank ?? null;
    const modelsKey = prefetched?.modelsKey ?? '';
    if (before && before.rank === rank && before.modelsKey === modelsKey) return;
    this.remove(worker);
    if (rank === null) return;
    this.#places.set(worker, { rank, modelsKey });
    addTo(this.#byRank, rank, worker);
    addTo(this.#byModels, modelsKey, worker);
  }

  remove(worker: BoardWorker): void {
    const place = this.#places.get(worker);
    if (!place) return;
    this.#places.delete(worker);
    removeFrom(this.#byRank, place.rank, worker);
    removeFrom(this.#byModels, place.modelsKey, worker);
  }

  /** Workers that would have these models loaded without their last prompt; all workers for a task without models. */
  withModels(modelsKey: string): Iterable<BoardWorker> {
    return modelsKey === '' ? this.#places.keys() : (this.#byModels.get(modelsKey) ?? []);
  }

  /** Workers whose last prompt has a lower rank than this, lowest first. */
  ofLowerRank(rank: number): Iterable<BoardWorker> {
    const lower = [...this.#byRank.keys()].filter((known) => known < rank).sort((a, b) => a - b);
    return lower.flatMap((known) => [...(this.#byRank.get(known) ?? [])]);
  }
}

function addTo<K>(groups: Map<K, Set<BoardWorker>>, key: K, worker: BoardWorker): void {
  const group = groups.get(key) ?? new Set();
  groups.set(key, group.add(worker));
}

function removeFrom<K>(groups: Map<K, Set<BoardWorker>>, key: K, worker: BoardWorker): void {
  const group = groups.get(key);
  group?.delete(worker);
  if (group?.size === 0) groups.delete(key);
}
