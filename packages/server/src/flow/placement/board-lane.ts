import type { BoardWorker } from './board-worker.ts';
import { listDoubts, type Needs, toModelsKey } from './needs.ts';

/** A lane on the board: what its tasks need, and who can run them. */
export class BoardLane {
  readonly key: string;
  /** Of one of its tasks; to the workers that are known they all come to the same. */
  readonly needs: Needs;
  /** Models that make a worker hot for it; empty when its tasks need none, so that every worker is. */
  readonly modelsKey: string;
  /** Workers that can run its tasks, whatever they do now. */
  readonly serving = new Set<BoardWorker>();
  /** Those of them with a free slot now. */
  readonly free = new Set<BoardWorker>();
  /** How often later tasks went before its first one since a worker last switched to it. */
  overtaken = 0;
  /** Since when its first task is passed over, monotonic ms. */
  passedSinceMs: number | null = null;
  /** Which of the workers that serve it do not list everything its tasks pick, and how much of that they do not. */
  readonly #doubts = new Map<BoardWorker, number>();
  #leastDoubts: number | null = 0;

  constructor(key: string, needs: Needs) {
    this.key = key;
    this.needs = needs;
    this.modelsKey = toModelsKey(needs);
  }

  /** Its tasks avoid some of the workers that can run them. */
  get isPicky(): boolean {
    const { excludedWorkers, minVramBytes } = this.needs;
    return excludedWorkers.length > 0 || minVramBytes !== undefined || this.#doubts.size > 0;
  }

  /** The worker can run its tasks. */
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

  /** Others that serve it list more of what its tasks pick. */
  isDoubtful(worker: BoardWorker): boolean {
    const doubts = this.#doubts.get(worker);
    if (doubts === undefined) return false;
    this.#leastDoubts ??= this.#doubts.size < this.serving.size ? 0 : Math.min(...this.#doubts.values());
    return doubts > this.#leastDoubts;
  }

  /** Goes on where another lane of the same key was: who waited there has waited here. */
  continueFrom({ overtaken, passedSinceMs }: BoardLane): void {
    this.overtaken = overtaken;
    this.passedSinceMs = passedSinceMs;
  }

  /** Its first task was passed over; `overtaken` when a later one took a slot that it could have used. */
  recordPassed(nowMs: number, isOvertaken: boolean): void {
    this.passedSinceMs ??= nowMs;
    if (isOvertaken) this.overtaken += 1;
  }

  /** Its first task started: a switch pays off all that was owed, a hot start only the waiting. */
  recordStarted(isHot: boolean): void {
    this.passedSinceMs = null;
    if (!isHot) this.overtaken = 0;
  }

  /** Nothing waits in it any more. */
  recordEmpty(): void {
    this.passedSinceMs = null;
    this.overtaken = 0;
  }
}
