import type { BoardWorker } from './board-worker.ts';
import type { StartReason } from './decide.ts';
import { listDoubts, type Needs, toModelsKey } from './needs.ts';

/** A lane on the board: the needs of its tasks, and the workers that can run them. */
export class BoardLane {
  readonly key: string;
  /** Needs of one of its tasks; for the known workers all of them are equivalent. */
  readonly needs: Needs;
  /** Models that a hot worker has loaded; empty when its tasks need none, so that every worker is hot. */
  readonly modelsKey: string;
  /** Workers that can run its tasks, whatever their state. */
  readonly serving = new Set<BoardWorker>();
  /** Serving workers with a free slot. */
  readonly free = new Set<BoardWorker>();
  /** How often later tasks have overtaken its first one since a worker last switched to it. */
  overtaken = 0;
  /** When its first task was first passed over, monotonic ms; null if it was not. */
  passedSinceMs: number | null = null;
  /** Serving workers that do not list every choice of its tasks, and how many choices they lack. */
  readonly #doubts = new Map<BoardWorker, number>();
  #leastDoubts: number | null = 0;

  constructor(key: string, needs: Needs) {
    this.key = key;
    this.needs = needs;
    this.modelsKey = toModelsKey(needs);
  }

  /** True when its tasks avoid some of the workers that can run them. */
  get isPicky(): boolean {
    const { excludedWorkers, minVramBytes } = this.needs;
    return excludedWorkers.length > 0 || minVramBytes !== undefined || this.#doubts.size > 0;
  }

  /** Adds a worker that can run its tasks. */
  join(worker: BoardWorker): void {
    this.serving.add(worker);
    if (worker.isFree) this.free.add(worker);
    const doubts = listDoubts(worker.facts, this.needs).length;
    if (doubts > 0) this.#doubts.set(worker, doubts);
    else this.#doubts.delete(worker);
    this.#leastDoubts = null;
  }

  leave(worker: BoardWorker): void {
    this.serving.delete(worker);
    this.free.delete(worker);
    this.#doubts.delete(worker);
    this.#leastDoubts = null;
  }

  /** True when other serving workers list more of the choices of its tasks. */
  isDoubtful(worker: BoardWorker): boolean {
    const doubts = this.#doubts.get(worker);
    if (doubts === undefined) return false;
    this.#leastDoubts ??= this.#doubts.size < this.serving.size ? 0 : Math.min(...this.#doubts.values());
    return doubts > this.#leastDoubts;
  }

  /** Takes over how long the first task has waited in the lane that this one replaces. */
  continueFrom({ overtaken, passedSinceMs }: BoardLane): void {
    this.overtaken = overtaken;
    this.passedSinceMs = passedSinceMs;
  }

  /** Its first task was passed over. */
  recordPassed(nowMs: number): void {
    this.passedSinceMs ??= nowMs;
  }

  /** A later task took a slot that its first one could have used. */
  recordOvertaken(): void {
    this.overtaken += 1;
  }

  /** Its first task started. A switch resets both the overtaking and the waiting, a hot start only the waiting. */
  recordStarted(reason: StartReason): void {
    this.passedSinceMs = null;
    if (reason !== 'hot') this.overtaken = 0;
  }

  /** The lane is empty now. */
  recordEmpty(): void {
    this.passedSinceMs = null;
    this.overtaken = 0;
  }
}
