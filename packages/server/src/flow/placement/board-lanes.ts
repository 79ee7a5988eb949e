import { BoardLane } from './board-lane.ts';
import type { BoardWorker } from './board-worker.ts';
import { hasSameCapabilities } from './capabilities.ts';
import { findMissing, isPinnedElsewhere, type Missing, type Needs, type WorkerFacts } from './needs.ts';

/** Lanes without a waiting task are kept up to this many: the next task of their kind finds them made. */
const RETAINED_LANES = 1000;

/** The lanes of a board, and who serves which. */
export class BoardLanes {
  readonly #lanes = new Map<string, BoardLane>();
  /** What these are known by holds no longer. */
  readonly #outdated = new Set<BoardLane>();

  find(key: string): BoardLane | null {
    return this.#lanes.get(key) ?? null;
  }

  /** The lane of this key; made when a first task waits in it, and again for the first one after a renewal. */
  open(key: string, readNeeds: () => Needs, workers: Iterable<BoardWorker>): BoardLane {
    const known = this.#lanes.get(key);
    if (known && !this.#outdated.has(known)) return known;
    const lane = new BoardLane(key, readNeeds());
    if (known) {
      lane.continueFrom(known);
      this.#close(known);
    }
    this.#lanes.set(key, lane);
    joinAll(lane, workers);
    return lane;
  }

  /** The worker is new, or has become another: it serves the lanes whose tasks it can run, and no others. */
  serve(worker: BoardWorker): void {
    for (const lane of this.#lanes.values()) join(worker, lane, findMissing(worker.facts, lane.needs));
  }

  /** Kinds of workers came or went: every lane waits to be opened again by one of its tasks; until then it stays as it was. */
  renew(): void {
    for (const lane of this.#lanes.values()) this.#outdated.add(lane);
  }

  /** Forgets the lanes that no task has opened again. */
  dropOutdated(): void {
    for (const lane of this.#outdated) this.#close(lane);
  }

  /** Forgets lanes in which nothing waits, the oldest first, when there are very many. */
  trim(isEmpty: (lane: string) => boolean): void {
    for (const [key, lane] of this.#lanes) {
      if (this.#lanes.size <= RETAINED_LANES) return;
      if (isEmpty(key)) this.#close(lane);
    }
  }

  #close(lane: BoardLane): void {
    this.#outdated.delete(lane);
    this.#lanes.delete(lane.key);
    for (const worker of lane.serving) worker.lanes.delete(lane);
  }
}

function joinAll(lane: BoardLane, workers: Iterable<BoardWorker>): void {
  // Workers of one kind need one look.
  const looks = new Map<unknown, { facts: WorkerFacts; missing: Missing | null }>();
  for (const worker of workers) {
    const { facts } = worker;
    const look = looks.get(facts.models);
    const isSame = look !== undefined && hasSameCapabilities(look.facts, facts);
    const missing = isSame ? look.missing : findMissing(facts, lane.needs);
    if (!isSame) looks.set(facts.models, { facts, missing });
    join(worker, lane, missing);
  }
}

function join(worker: BoardWorker, lane: BoardLane, missing: Missing | null): void {
  if (missing || isPinnedElsewhere(worker.facts, lane.needs)) {
    lane.leave(worker);
    worker.lanes.delete(lane);
    return;
  }
  lane.join(worker);
  worker.lanes.add(lane);
}
