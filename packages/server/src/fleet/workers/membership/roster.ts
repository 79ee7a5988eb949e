import type { WorkerId } from '@comfleet/contract';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { WatchedWorker } from '../watching/watched-worker.ts';

/** The workers of the fleet in memory, in the order they joined, with lookups by id, name and address. */
export class Roster {
  readonly #workers = new Map<string, WatchedWorker>();

  [Symbol.iterator](): IterableIterator<WatchedWorker> {
    return this.#workers.values();
  }

  add(worker: WatchedWorker): void {
    this.#workers.set(worker.id, worker);
  }

  delete(id: WorkerId): void {
    this.#workers.delete(id);
  }

  clear(): void {
    this.#workers.clear();
  }

  find(id: string): WatchedWorker | null {
    return this.#workers.get(id) ?? null;
  }

  /** Throws WORKER_NOT_FOUND. */
  load(id: string): WatchedWorker {
    const worker = this.find(id);
    if (worker === null) throw new AppError('WORKER_NOT_FOUND', { worker_id: id });
    return worker;
  }

  /** Finds a worker by name; a leaving one only if no other has the name. */
  findByName(name: string): WatchedWorker | null {
    const hasName = (worker: WatchedWorker) => worker.name === name;
    return this.#first((worker) => hasName(worker) && !worker.isLeaving) ?? this.#first(hasName);
  }

  findByUrl(url: string): WatchedWorker | null {
    return this.#first((worker) => worker.url === url);
  }

  /** The same name at the same address is the same worker. */
  findSame({ name, url }: { name: string; url: string }): WatchedWorker | null {
    return this.#first((worker) => worker.name === name && worker.url === url);
  }

  /** Ranks workers that may represent their other addresses, in the order they joined: the first of several is used. */
  rank(): WorkerId[] {
    return [...this].filter((worker) => worker.mayStandFirst).map((worker) => worker.id);
  }

  /** Leaving workers whose grace period is over. */
  listDeparting(nowMs: number): WorkerId[] {
    return [...this]
      .filter(({ desired }) => (desired.overrides.leaving?.notBeforeMs ?? Number.POSITIVE_INFINITY) <= nowMs)
      .map((worker) => worker.id);
  }

  /** Searches without copying the list, because every joining worker is searched for. */
  #first(test: (worker: WatchedWorker) => boolean): WatchedWorker | null {
    for (const worker of this) if (test(worker)) return worker;
    return null;
  }
}
