import type { WorkerId } from '@comfleet/contract';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { resolveNeeds } from '../placement/resolve-needs.ts';
import {
  createLaneKey,
  parseRequirements,
  type TaskRequirements,
  toStoredLane,
} from '../tasks/requirements.ts';

/** Where a task waits. */
export interface TaskLane {
  readonly key: string;
  /** What is stored with the task of it. */
  readonly stored: string;
  /** What it needs, as the fleet is known now. */
  readonly needs: TaskRequirements;
}

/** Tasks with equal requirements are derived once; this many different results are remembered. */
const KEPT = 2000;

/**
 * Which lane a task waits in: it depends on the kinds of workers that are known, offline ones included. The lane stored with a
 * task is that of its acceptance.
 */
export class TaskLanes {
  readonly #byWorker = new Map<WorkerId, string>();
  readonly #kinds = new Map<string, { kind: WorkerKind; workers: number }>();
  readonly #derived = new Map<string, TaskLane>();
  #known: readonly WorkerKind[] = [];

  /** The kinds of workers that are known. */
  get kinds(): readonly WorkerKind[] {
    return this.#known;
  }

  /** Takes in what a worker can run, null when that is not known or it left; true when a kind came or went by it. */
  record(workerId: WorkerId, kind: WorkerKind | null): boolean {
    const before = this.#byWorker.get(workerId) ?? null;
    if (before === (kind?.id ?? null)) return false;
    const isNew = kind !== null && !this.#kinds.has(kind.id);
    if (kind) {
      this.#byWorker.set(workerId, kind.id);
      const workers = (this.#kinds.get(kind.id)?.workers ?? 0) + 1;
      this.#kinds.set(kind.id, { kind, workers });
    } else this.#byWorker.delete(workerId);
    const isGone = before !== null && this.#leave(before);
    if (!isNew && !isGone) return false;
    this.#known = [...this.#kinds.values()].map((known) => known.kind);
    this.#derived.clear();
    return true;
  }

  /** The lane of a task with these stored requirements. */
  find(requirements: string): TaskLane {
    const known = this.#derived.get(requirements);
    if (known) return known;
    const lane = this.derive(parseRequirements(requirements));
    const [oldest] = this.#derived.keys();
    if (this.#derived.size >= KEPT && oldest !== undefined) this.#derived.delete(oldest);
    this.#derived.set(requirements, lane);
    return lane;
  }

  /** The lane of a task that needs this. */
  derive(requirements: TaskRequirements): TaskLane {
    const { needs, kinds } = resolveNeeds(requirements, this.#known);
    const key = createLaneKey(needs, kinds);
    return { key, stored: toStoredLane(key, needs), needs };
  }

  #leave(id: string): boolean {
    const known = this.#kinds.get(id);
    if (!known) return false;
    if (known.workers > 1) {
      this.#kinds.set(id, { ...known, workers: known.workers - 1 });
      return false;
    }
    return this.#kinds.delete(id);
  }
}
