import type { PrincipalId, ProjectId, TaskId, WorkerId } from '@comfleet/contract';
import type { BoardLane } from './board-lane.ts';
import { BoardLanes } from './board-lanes.ts';
import { BoardWorker, type PlacedPrompt } from './board-worker.ts';
import { hasSameCapabilities } from './capabilities.ts';
import type { Needs, WorkerFacts } from './needs.ts';
import { PrefetchedPrompts } from './prefetched-prompts.ts';

/**
 * The data that placement decides on: workers with their prompts, lanes, and which worker serves which lane. Updated with every
 * change, so that a decision looks at free slots only. Has no clock and does nothing by itself.
 *
 * A worker on the board:
 * - away: not online. Entered by `setWorker`. It keeps its lanes and prompts; nothing is placed there.
 * - standing back: simulated, while a real worker is registered. Entered by `setWorker` and `removeWorker` of any worker.
 * - free: online, not standing back, with a free slot. Entered by `setWorker` and `release`; only then is it in `lane.free`.
 * - full: as free, without a free slot. Entered by `occupy`, and by `setWorker` with fewer slots.
 * A worker of another kind leaves and joins lanes at once. `removeWorker` forgets it; later calls for it only count owners.
 *
 * A lane:
 * - current: entered by `openLane`. Workers that can run its tasks have joined it.
 * - outdated: entered by `renewLanes`. Still serves; the next `openLane` replaces it, `dropOutdatedLanes` removes it.
 * Without a waiting task it stays known until `trimLanes` finds too many.
 *
 * A prompt on a worker: sending → waiting → running, by `setPhase`; `leaving` while it is preempted. `release` removes it from
 * any phase. Calls for a prompt that is not there are ignored.
 */
export class PlacementBoard {
  readonly workers = new Map<WorkerId, BoardWorker>();
  readonly prefetched = new PrefetchedPrompts();
  /** Workers that are not online, whatever their load. */
  readonly away = new Set<BoardWorker>();
  readonly #lanes = new BoardLanes();
  /** Prompts by the client that owns them, by project, and by task type. */
  readonly #byOwner = new Map<string, number>();
  readonly #byProject = new Map<string, number>();
  readonly #byType = new Map<string, number>();
  /** Workers by the models that they have loaded, or will have. */
  readonly #byModels = new Map<string, Set<BoardWorker>>();
  #choices = 0;

  // ── workers ────────────────────────────────────────────────────────────────

  /** Adds or updates a worker. Returns true when it may now be able to run other tasks. */
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

  /** Returns the lane of this key. Creates it for its first task, and again for the first task after `renewLanes`. */
  openLane(key: string, readNeeds: () => Needs): BoardLane {
    return this.#lanes.open(key, readNeeds, this.workers.values());
  }

  /** Kinds of workers came or went: every lane is rebuilt when a task next opens it. */
  renewLanes(): void {
    this.#lanes.renew();
  }

  /** Removes lanes that no task has opened since `renewLanes`. */
  dropOutdatedLanes(): void {
    this.#lanes.dropOutdated();
  }

  /** Removes empty lanes, oldest first, when there are too many. */
  trimLanes(isEmpty: (lane: string) => boolean): void {
    this.#lanes.trim(isEmpty);
  }

  // ── prompts ────────────────────────────────────────────────────────────────

  /** Adds a prompt that is being sent to a worker. */
  occupy(workerId: WorkerId, prompt: PlacedPrompt): void {
    this.#count(prompt, 1);
    const worker = this.workers.get(workerId);
    if (!worker) return;
    this.#moveModels(worker, () => worker.occupy(prompt));
    this.prefetched.update(worker);
    this.#updateFree(worker);
  }

  /** Sets the phase of a prompt; one that runs has run since `atMs`. */
  setPhase(workerId: WorkerId, taskId: TaskId, phase: PlacedPrompt['phase'], atMs: number): void {
    const worker = this.workers.get(workerId);
    if (!worker?.setPhase(taskId, phase, atMs)) return;
    this.prefetched.update(worker);
  }

  /** Removes a prompt that left its worker. */
  release(workerId: WorkerId, prompt: CountedPrompt & Pick<PlacedPrompt, 'taskId'>): void {
    this.#count(prompt, -1);
    const worker = this.workers.get(workerId);
    if (!worker) return;
    this.#moveModels(worker, () => worker.release(prompt.taskId));
    this.prefetched.update(worker);
    this.#updateFree(worker);
  }

  #count({ ownerId, projectId, taskType }: CountedPrompt, by: 1 | -1): void {
    addTo(this.#byOwner, ownerId, by);
    if (projectId !== null) addTo(this.#byProject, projectId, by);
    addTo(this.#byType, taskType, by);
  }

  /** The worker was restarted, so no models are loaded. */
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

  /** Workers that have these models loaded, or will once their prompts are done. */
  withModels(modelsKey: string): ReadonlySet<BoardWorker> {
    return this.#byModels.get(modelsKey) ?? NONE;
  }

  /** How many prompts a client has on all workers. */
  ownedBy(ownerId: PrincipalId): number {
    return this.#byOwner.get(ownerId) ?? 0;
  }

  /** How many prompts a project has on all workers. */
  ofProject(projectId: ProjectId): number {
    return this.#byProject.get(projectId) ?? 0;
  }

  /** How many prompts of a task type are on all workers. */
  ofType(taskType: string): number {
    return this.#byType.get(taskType) ?? 0;
  }

  /** Records that a worker was chosen, for round robin and statistics. */
  recordChoice(worker: BoardWorker, atMs: number): void {
    this.#choices += 1;
    worker.recordChoice(this.#choices, atMs);
  }
}

/** What prompts are counted by. */
type CountedPrompt = Pick<PlacedPrompt, 'ownerId' | 'projectId' | 'taskType'>;

const NONE: ReadonlySet<BoardWorker> = new Set();

/** True when nothing has changed that decides which lanes a worker serves. */
function isSameKind(a: WorkerFacts, b: WorkerFacts): boolean {
  return a.name === b.name && a.simulated === b.simulated && hasSameCapabilities(a, b);
}

function addTo(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
