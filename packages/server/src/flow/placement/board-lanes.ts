import { BoardLane } from './board-lane.ts';
import type { BoardWorker } from './board-worker.ts';
import { hasSameCapabilities } from './capabilities.ts';
import { findMissing, isPinnedElsewhere, type Missing, type Needs, type WorkerFacts } from './needs.ts';

/** Empty lanes are kept up to this number of lanes, ready for the next task of their kind. */
const RETAINED_LANES = 1000;

/** The lanes of a board, and which workers serve them. */
export class BoardLanes {
  readonly #lanes = new Map<string, BoardLane>();
  /** Lanes whose key may no longer be current. */
  readonly #outdated = new Set<BoardLane>();

  find(key: string): BoardLane | null {
    return this.#lanes.get(key) ?? null;
  }

  /** Returns the lane of this key. Creates it for its first task, and again for the first task after a renewal. */
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

  /** Matches a new or changed worker against all lanes: it serves those whose tasks it can run. */
  serve(worker: BoardWorker): void {
    for (const lane of this.#lanes.values()) join(worker, lane, findMissing(worker.facts, lane.needs));
  }

  /** Kinds of workers came or went: marks every lane as outdated. It serves on until a task opens it again. */
  renew(): void {
    for (const lane of this.#lanes.values()) this.#outdated.add(lane);
  }

  /** Removes lanes that no task has opened again. */
  dropOutdated(): void {
    for (const lane of this.#outdated) this.#close(lane);
  }

  /** Removes empty lanes, oldest first, when there are too many. */
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
  // Workers of one kind are matched once.
  const matches = new Map<unknown, { facts: WorkerFacts; missing: Missing | null }>();
  for (const worker of workers) {
    const { facts } = worker;
    const match = matches.get(facts.models);
    const isSame = match !== undefined && hasSameCapabilities(match.facts, facts);
    const missing = isSame ? match.missing : findMissing(facts, lane.needs);
    if (!isSame) matches.set(facts.models, { facts, missing });
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
