import type { PrincipalId, TaskId, WorkerId } from '@comfleet/contract';
import type { BoardLane } from './board-lane.ts';
import { BoardLanes } from './board-lanes.ts';
import { BoardWorker, type PlacedPrompt } from './board-worker.ts';
import { hasSameCapabilities } from './capabilities.ts';
import type { Needs, WorkerFacts } from './needs.ts';
import { PrefetchedPrompts } from './prefetched-prompts.ts';

/**
 * What placement decides on: the workers with the prompts they have, the lanes, and who serves which. Kept in step with
 * every change, so that a decision looks only at free slots. Holds no clock and does nothing by itself.
 */
export class PlacementBoard {
  readonly workers = new Map<WorkerId, BoardWorker>();
  readonly prefetched = new PrefetchedPrompts();
  /** Workers that take nothing now, whatever their load. */
  readonly away = new Set<BoardWorker>();
  readonly #lanes = new BoardLanes();
  /** Prompts by the client that owns them and by task type. */
  readonly #byOwner = new Map<string, number>();
  readonly #byType = new Map<string, number>();
  /** Workers by the models they have, or will have, loaded. */
  readonly #byModels = new Map<string, Set<BoardWorker>>();
  #choices = 0;

  // ── workers ────────────────────────────────────────────────────────────────

  /** Adds a worker, or takes over what changed of it; true when that may decide which tasks it can run. */
  setWorker(facts: WorkerFacts): boolean {
    const known = this.workers.get(facts.id);
    const worker = known ?? new BoardWorker(facts);
    const isOtherKind = !known || !isSameKind(known.facts, facts);
    worker.facts = facts;
    if (!known) this.workers.set(facts.id, worker);
    if (facts.state === 'online') this.away.delete(worker);
    else this.away.add(worker);
    if (isOtherKind) this.#lanes.serve(worker);
    this.#updateFree(worker);
    if (isOtherKind) this.#updateSimulated();
    return isOtherKind;
  }

  removeWorker(id: WorkerId): void {
    const worker = this.workers.get(id);
    if (!worker) return;
    this.workers.delete(id);
    this.prefetched.remove(worker);
    this.away.delete(worker);
    for (const lane of worker.lanes) lane.leave(worker);
    this.#moveModels(worker, () => worker.forgetModels());
    this.#updateSimulated();
  }

  #updateFree(worker: BoardWorker): void {
    const isFree = worker.facts.state === 'online' && worker.load < worker.facts.slots && !worker.standsBack;
    if (isFree === worker.isFree) return;
    worker.isFree = isFree;
    for (const lane of worker.lanes) {
      if (isFree) lane.free.add(worker);
      else lane.free.delete(worker);
    }
  }

  /** Simulated workers stand back as soon as a real one is registered. */
  #updateSimulated(): void {
    let hasReal = false;
    for (const { facts } of this.workers.values()) hasReal ||= !facts.simulated;
    for (const worker of this.workers.values()) {
      const standsBack = hasReal && worker.facts.simulated;
      if (standsBack === worker.standsBack) continue;
      worker.standsBack = standsBack;
      this.#updateFree(worker);
    }
  }

  // ── lanes ──────────────────────────────────────────────────────────────────

  findLane(key: string): BoardLane | null {
    return this.#lanes.find(key);
  }

  /** The lane of this key; made when a first task waits in it, and again for the first one after `renewLanes`. */
  openLane(key: string, readNeeds: () => Needs): BoardLane {
    return this.#lanes.open(key, readNeeds, this.workers.values());
  }

  /** Kinds of workers came or went: each lane is rebuilt when one of its tasks next opens it. */
  renewLanes(): void {
    this.#lanes.renew();
  }

  /** Forgets the lanes that no task has opened since `renewLanes`. */
  dropOutdatedLanes(): void {
    this.#lanes.dropOutdated();
  }

  /** Forgets lanes in which nothing waits, the oldest first, when there are very many. */
  trimLanes(isEmpty: (lane: string) => boolean): void {
    this.#lanes.trim(isEmpty);
  }

  // ── prompts ────────────────────────────────────────────────────────────────

  /** A prompt is on its way to a worker. */
  occupy(workerId: WorkerId, prompt: PlacedPrompt): void {
    addTo(this.#byOwner, prompt.ownerId, 1);
    addTo(this.#byType, prompt.taskType, 1);
    const worker = this.workers.get(workerId);
    if (!worker) return;
    this.#moveModels(worker, () => worker.occupy(prompt));
    this.prefetched.update(worker);
    this.#updateFree(worker);
  }

  /** A prompt waits in its worker's queue, or runs since `atMs`, or is preempted. */
  setPhase(workerId: WorkerId, taskId: TaskId, phase: PlacedPrompt['phase'], atMs: number): void {
    const worker = this.workers.get(workerId);
    if (!worker?.setPhase(taskId, phase, atMs)) return;
    this.prefetched.update(worker);
  }

  /** A prompt left its worker. `ran` tells whether its models may be loaded now. */
  release(
    workerId: WorkerId,
    prompt: Pick<PlacedPrompt, 'taskId' | 'ownerId' | 'taskType'>,
    ran: boolean,
  ): void {
    addTo(this.#byOwner, prompt.ownerId, -1);
    addTo(this.#byType, prompt.taskType, -1);
    const worker = this.workers.get(workerId);
    if (!worker) return;
    this.#moveModels(worker, () => worker.release(prompt.taskId, ran));
    this.prefetched.update(worker);
    this.#updateFree(worker);
  }

  /** The worker was restarted: nothing is loaded. */
  forgetModels(workerId: WorkerId): void {
    const worker = this.workers.get(workerId);
    if (worker) this.#moveModels(worker, () => worker.forgetModels());
  }

  #moveModels(worker: BoardWorker, change: () => void): void {
    const before = worker.modelsKey;
    change();
    const after = this.workers.has(worker.facts.id) ? worker.modelsKey : null;
    if (before === after) return;
    if (before !== null) this.#byModels.get(before)?.delete(worker);
    if (before !== null && this.#byModels.get(before)?.size === 0) this.#byModels.delete(before);
    if (after === null) return;
    const group = this.#byModels.get(after) ?? new Set();
    group.add(worker);
    this.#byModels.set(after, group);
  }

  /** Workers that have these models loaded, or will when what they have is done. */
  withModels(modelsKey: string): ReadonlySet<BoardWorker> {
    return this.#byModels.get(modelsKey) ?? NONE;
  }

  /** Prompts of a client on all workers. */
  ownedBy(ownerId: PrincipalId): number {
    return this.#byOwner.get(ownerId) ?? 0;
  }

  /** Prompts of a task type on all workers. */
  ofType(taskType: string): number {
    return this.#byType.get(taskType) ?? 0;
  }

  /** Records that a worker was chosen, for round robin and statistics. */
  recordChoice(worker: BoardWorker, atMs: number): void {
    this.#choices += 1;
    worker.recordChoice(this.#choices, atMs);
  }
}

const NONE: ReadonlySet<BoardWorker> = new Set();

/** Whether everything that decides which lanes a worker serves is as it was. */
function isSameKind(a: WorkerFacts, b: WorkerFacts): boolean {
  return a.name === b.name && a.simulated === b.simulated && hasSameCapabilities(a, b);
}

function addTo(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
