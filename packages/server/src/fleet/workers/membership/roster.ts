import type { WorkerId } from '@comfleet/contract';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { WatchedWorker } from '../watching/watched-worker.ts';

/** The workers of the fleet in memory, in the order they joined, by what they are known by. */
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

  /** One that leaves has given its name up, unless no other has it. */
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

  /** Of several addresses of one ComfyUI the first of these is used: as they joined, without those that nobody wants used. */
  rank(): WorkerId[] {
    return [...this].filter((worker) => worker.mayStandFirst).map((worker) => worker.id);
  }

  /** Workers on their way out whose time has come. */
  listDeparting(nowMs: number): WorkerId[] {
    return [...this]
      .filter(({ desired }) => (desired.overrides.leaving?.notBeforeMs ?? Number.POSITIVE_INFINITY) <= nowMs)
      .map((worker) => worker.id);
  }

  /** Without a copy of the list: each worker that joins is looked for among all. */
  #first(test: (worker: WatchedWorker) => boolean): WatchedWorker | null {
    for (const worker of this) if (test(worker)) return worker;
    return null;
  }
}
