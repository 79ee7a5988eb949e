import type { WorkerId } from '@comfleet/contract';

/** What a task needs of a worker; hashed, it is the task's lane. */
export interface Needs {
  readonly taskType: string;
  readonly classTypes: readonly string[];
  readonly models: readonly { folder: string; name: string }[];
  /** Workers on which this task failed: avoided while another capable one exists. */
  readonly excludedWorkers: readonly string[];
}

/** A worker as placement sees it at one moment. */
export interface PlaceableWorker {
  readonly id: WorkerId;
  readonly online: boolean;
  readonly maintenance: boolean;
  readonly simulated: boolean;
  /** Prompts of ours on it now. */
  readonly load: number;
  readonly maxConcurrent: number;
  /** Task types it takes; empty means all. */
  readonly capabilities: readonly string[];
  /** Null until its inventory was read once: then it can take nothing. */
  readonly classTypes: ReadonlySet<string> | null;
  readonly models: ReadonlyMap<string, ReadonlySet<string>> | null;
}

export type Refusal =
  | { reason: 'offline' | 'maintenance' | 'full' | 'no_inventory' | 'failed_here' | 'simulated_beside_real' }
  | { reason: 'task_type'; missing: string }
  | { reason: 'class_type'; missing: string }
  | { reason: 'model'; missing: string };

/** Whether a worker could ever run this as it is known now; load and health apart. Null when it can. */
export function findMissing(worker: PlaceableWorker, needs: Needs): Refusal | null {
  if (worker.capabilities.length > 0 && !worker.capabilities.includes(needs.taskType)) {
    return { reason: 'task_type', missing: needs.taskType };
  }
  if (!worker.classTypes || !worker.models) return { reason: 'no_inventory' };
  for (const classType of needs.classTypes) {
    if (!worker.classTypes.has(classType)) return { reason: 'class_type', missing: classType };
  }
  for (const { folder, name } of needs.models) {
    const folderModels = worker.models.get(folder);
    if (folderModels && !folderModels.has(name)) return { reason: 'model', missing: `${folder}/${name}` };
  }
  return null;
}

/** Why a worker cannot take this task now; null when it can. */
export function findRefusal(worker: PlaceableWorker, needs: Needs): Refusal | null {
  if (worker.maintenance) return { reason: 'maintenance' };
  if (!worker.online) return { reason: 'offline' };
  const missing = findMissing(worker, needs);
  if (missing) return missing;
  if (worker.load >= worker.maxConcurrent) return { reason: 'full' };
  return null;
}

export type Choice =
  | { kind: 'worker'; workerId: WorkerId }
  | { kind: 'none'; refusals: { workerId: WorkerId; refusal: Refusal }[] };

/**
 * Filter, then least loaded (by share of its slots, then by id for a stable answer). Workers that failed this task are
 * taken only where no other capable one exists at all; simulated ones only where no real one is registered.
 */
export function chooseWorker(fleet: readonly PlaceableWorker[], needs: Needs): Choice {
  const hasReal = fleet.some((worker) => !worker.simulated);
  const excluded = new Set(needs.excludedWorkers);
  const capableElsewhere = fleet.some(
    (worker) =>
      !excluded.has(worker.id) && !worker.maintenance && worker.online && !findMissing(worker, needs),
  );
  const refusals: { workerId: WorkerId; refusal: Refusal }[] = [];
  let best: PlaceableWorker | null = null;
  for (const worker of fleet) {
    const refusal = refuse(worker, { needs, hasReal, avoid: capableElsewhere && excluded.has(worker.id) });
    if (refusal) refusals.push({ workerId: worker.id, refusal });
    else if (!best || isLessLoaded(worker, best)) best = worker;
  }
  return best ? { kind: 'worker', workerId: best.id } : { kind: 'none', refusals };
}

function refuse(
  worker: PlaceableWorker,
  { needs, hasReal, avoid }: { needs: Needs; hasReal: boolean; avoid: boolean },
): Refusal | null {
  if (worker.simulated && hasReal) return { reason: 'simulated_beside_real' };
  if (avoid) return { reason: 'failed_here' };
  return findRefusal(worker, needs);
}

function isLessLoaded(a: PlaceableWorker, b: PlaceableWorker): boolean {
  const difference = a.load / a.maxConcurrent - b.load / b.maxConcurrent;
  return difference < 0 || (difference === 0 && a.id < b.id);
}
