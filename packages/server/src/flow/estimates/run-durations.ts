import type { WorkerId } from '@comfleet/contract';
import { RecentValues } from '../../platform/memory/recent-values.ts';
import { readStoredLane } from '../tasks/requirements.ts';
import type { TaskRow } from '../tasks/task-tables.ts';

/** How many runs of one kind are kept for each worker, and for all workers together. */
const RETAINED_RUNS = 20;
/** How many kinds of work are kept; the least recently seen are dropped first. */
const RETAINED_KINDS = 5000;
/** Limit of how much faster or slower than the fleet a single run can make a worker look. */
const MAX_RATIO = 8;
/** Weight of a new run in a worker's speed, once several were measured. */
const SPEED_WEIGHT = 0.1;

/** A measured run: from its start on the worker to its end, without its time in the worker's queue. */
export interface MeasuredRun {
  key: string;
  workerId: WorkerId;
  durationMs: number;
  /** False when the worker had other models loaded, or none, so that the run includes a load. */
  warm: boolean;
}

/** Key of a task's measured run times: its workflow's version or its graph, then its stored lane, then its task type. */
export function toWorkflowKey(
  task: Pick<TaskRow, 'workflow_version_id' | 'graph_hash' | 'lane' | 'task_type'>,
): string {
  return `${task.workflow_version_id ?? task.graph_hash}|${task.lane}|${task.task_type}`;
}

/**
 * Estimates durations from measured runs: the median of the last 20 runs of a workflow on a worker; if that worker never ran it,
 * the fleet's median, scaled by the worker's relative speed; if no worker ran it, the same for work with equal classes and
 * models, then with equal models, then of its task type. Pure. Without any such run there is no estimate.
 */
export class RunDurations {
  readonly #kinds = new RecentValues<string, Kind>(RETAINED_KINDS);
  readonly #speeds = new Map<string, { log: number; runs: number }>();

  learn(run: MeasuredRun): void {
    if (run.durationMs < 0) return;
    const { alike, type } = toKinds(run.key);
    const kinds = alike.map((name) => this.#open(name));
    if (run.warm)
      this.#learnSpeed(
        run,
        firstKnown(kinds, (kind) => kind.warm.median()),
      );
    const fleetMs = run.durationMs / this.#slowness(run.workerId);
    for (const kind of [...kinds, this.#open(type)]) kind.add(run, fleetMs);
  }

  /** Expected ms of a run with loaded models, on this worker, or on any for null. Returns null without measurements. */
  expectedMs(key: string, workerId: WorkerId | null): number | null {
    const { alike, type } = toKinds(key);
    return firstKnown(
      this.#list([...alike, type]),
      (kind) => this.#medianOf(kind, 'warm', workerId) ?? this.#medianOf(kind, 'cold', workerId),
    );
  }

  /** Expected additional ms when the models must be loaded first; null without measurements. */
  expectedLoadMs(key: string, workerId: WorkerId | null): number | null {
    return firstKnown(this.#list(toKinds(key).alike), (kind) => {
      const coldMs = this.#medianOf(kind, 'cold', workerId);
      const warmMs = this.#medianOf(kind, 'warm', workerId);
      return coldMs === null || warmMs === null ? null : Math.max(0, coldMs - warmMs);
    });
  }

  /** Expected ms of a run of this lane on any worker; null without measurements. */
  laneMs(lane: string): number | null {
    const kind = this.#kinds.peek(toModelsKind(lane));
    return kind ? (kind.warm.median() ?? kind.cold.median()) : null;
  }

  #list(names: readonly string[]): Kind[] {
    return names.flatMap((name) => this.#kinds.peek(name) ?? []);
  }

  #medianOf(kind: Kind, warmth: 'warm' | 'cold', workerId: WorkerId | null): number | null {
    const own = workerId === null ? null : (kind.byWorker.get(workerId)?.[warmth].median() ?? null);
    if (own !== null) return own;
    const fleetMs = kind[warmth].median();
    return fleetMs === null ? null : fleetMs * (workerId === null ? 1 : this.#slowness(workerId));
  }

  /** Relative duration on this worker, compared with the fleet. */
  #slowness(workerId: WorkerId): number {
    return Math.exp(this.#speeds.get(workerId)?.log ?? 0);
  }

  #learnSpeed({ workerId, durationMs }: MeasuredRun, fleetMs: number | null): void {
    if (fleetMs === null || fleetMs <= 0 || durationMs <= 0) return;
    const { log, runs } = this.#speeds.get(workerId) ?? { log: 0, runs: 0 };
    const maxLog = Math.log(MAX_RATIO);
    const seen = Math.min(maxLog, Math.max(-maxLog, Math.log(durationMs / fleetMs)));
    const weight = Math.max(SPEED_WEIGHT, 1 / (runs + 2));
    this.#speeds.set(workerId, { log: log + weight * (seen - log), runs: runs + 1 });
  }

  #open(name: string): Kind {
    return this.#kinds.use(name, () => new Kind());
  }
}

/** Keys of similar work: with equal models, most specific first, and of the same type. */
function toKinds(key: string): { alike: string[]; type: string } {
  const [own = '', lane = '', type = ''] = key.split('|');
  const { work } = readStoredLane(lane);
  return { alike: [own, ...(work === '' ? [] : [`work ${work}`]), toModelsKind(lane)], type: `type ${type}` };
}

function toModelsKind(lane: string): string {
  return `models ${readStoredLane(lane).models}`;
}

function firstKnown(kinds: readonly Kind[], read: (kind: Kind) => number | null): number | null {
  for (const kind of kinds) {
    const known = read(kind);
    if (known !== null) return known;
  }
  return null;
}

/** Runs of one kind: measured on each worker, and normalized to the average of the fleet. */
class Kind {
  readonly warm = new Samples();
  readonly cold = new Samples();
  readonly byWorker = new Map<string, { warm: Samples; cold: Samples }>();

  add({ workerId, durationMs, warm }: MeasuredRun, fleetMs: number): void {
    const own = this.byWorker.get(workerId) ?? { warm: new Samples(), cold: new Samples() };
    this.byWorker.set(workerId, own);
    const warmth = warm ? 'warm' : 'cold';
    own[warmth].add(durationMs);
    this[warmth].add(fleetMs);
  }
}

/** The latest values of a series, and their median. */
class Samples {
  #values: number[] = [];
  #median: number | null = null;

  add(value: number): void {
    this.#values = [...this.#values.slice(1 - RETAINED_RUNS), value];
    this.#median = null;
  }

  median(): number | null {
    if (this.#values.length === 0) return null;
    this.#median ??= [...this.#values].sort((a, b) => a - b)[Math.floor(this.#values.length / 2)] ?? null;
    return this.#median;
  }
}
