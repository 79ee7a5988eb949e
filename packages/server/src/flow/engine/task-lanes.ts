import type { WorkerId } from '@comfleet/contract';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { RecentValues } from '../../platform/memory/recent-values.ts';
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
  /** The form that is stored with the task. */
  readonly stored: string;
  /** Needs of the task, resolved against the fleet as it is known now. */
  readonly needs: TaskRequirements;
}

/** How many different requirements have their lane remembered. */
const MAX_REMEMBERED = 2000;

/**
 * Derives the lane of a task from its requirements and the known kinds of workers, offline ones included. The lane stored with
 * a task is the one at its acceptance.
 */
export class TaskLanes {
  readonly #byWorker = new Map<WorkerId, string>();
  readonly #kinds = new Map<string, { kind: WorkerKind; workers: number }>();
  readonly #derived = new RecentValues<string, TaskLane>(MAX_REMEMBERED);
  #known: readonly WorkerKind[] = [];

  /** Known kinds of workers. */
  get kinds(): readonly WorkerKind[] {
    return this.#known;
  }

  /** Records a worker's kind, null if it is unknown or the worker left. Returns true when a kind came or went. */
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
    return this.#derived.use(requirements, () => this.derive(parseRequirements(requirements)));
  }

  /** Derives the lane of a task with these requirements. */
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
