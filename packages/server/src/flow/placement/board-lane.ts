import type { BoardWorker } from './board-worker.ts';
import { type Needs, toModelsKey } from './needs.ts';

/** A lane on the board: what its tasks need, and who can run them. */
export class BoardLane {
  readonly key: string;
  readonly needs: Needs;
  /** Models that make a worker hot for it; empty when its tasks need none, so that every worker is. */
  readonly modelsKey: string;
  /** Its tasks avoid some of the workers that can run them. */
  readonly isPicky: boolean;
  /** Workers that can run its tasks, whatever they do now. */
  readonly serving = new Set<BoardWorker>();
  /** Those of them with a free slot now. */
  readonly free = new Set<BoardWorker>();
  /** How often later tasks went before its first one since a worker last switched to it. */
  overtaken = 0;
  /** Since when its first task is passed over, monotonic ms. */
  passedSinceMs: number | null = null;

  constructor(key: string, needs: Needs) {
    this.key = key;
    this.needs = needs;
    this.modelsKey = toModelsKey(needs);
    this.isPicky = needs.excludedWorkers.length > 0 || needs.minVramBytes !== undefined;
  }

  leave(worker: BoardWorker): void {
    this.serving.delete(worker);
    this.free.delete(worker);
  }

  /** Its first task was passed over; `overtaken` when a later one took a slot that it could have used. */
  notePassed(nowMs: number, isOvertaken: boolean): void {
    this.passedSinceMs ??= nowMs;
    if (isOvertaken) this.overtaken += 1;
  }

  /** Its first task started: a switch pays off all that was owed, a hot start only the waiting. */
  noteStarted(isHot: boolean): void {
    this.passedSinceMs = null;
    if (!isHot) this.overtaken = 0;
  }

  /** Nothing waits in it any more. */
  noteEmpty(): void {
    this.passedSinceMs = null;
    this.overtaken = 0;
  }
}
