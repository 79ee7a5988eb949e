import type { WorkerId } from '@comfleet/contract';
import type { TaskRow } from '../tasks/task-tables.ts';

/** Runs remembered of one kind on one worker, and of one kind on all workers together. */
const KEPT_RUNS = 20;
/** Kinds of work remembered; the ones not seen for longest go first. */
const KEPT_KINDS = 5000;
/** A single run never makes a worker look more than this many times faster or slower than the fleet. */
const MOST_RATIO = 8;
/** Weight of a new run in what is known of a worker's speed, once several were seen. */
const SPEED_WEIGHT = 0.1;

/** One measured run: from its start on the worker to its end, without waiting in the worker's queue. */
export interface MeasuredRun {
  key: string;
  workerId: WorkerId;
  durationMs: number;
  /** False when the worker had other models loaded, or none: the time of loading them is part of it. */
  warm: boolean;
}

/** What a task's run time is measured under: its workflow's version or its graph, then its lane, then its task type. */
export function toWorkflowKey(
  task: Pick<TaskRow, 'workflow_version_id' | 'graph_hash' | 'lane' | 'task_type'>,
): string {
  return `${task.workflow_version_id ?? task.graph_hash}|${task.lane}|${task.task_type}`;
}

/**
 * How long work takes, learned from measured runs: the median of the last 20 of a workflow on a worker; where that worker
 * never ran it, the fleet's median scaled by how fast the worker is beside the others; where nobody ran it, the same for its
 * lane (equal task types and models), then for its task type. Pure; nothing is made up: without a run there is no answer.
 */
export class RunDurations {
  readonly #kinds = new Map<string, Kind>();
  readonly #speeds = new Map<string, { log: number; runs: number }>();

  learn(run: MeasuredRun): void {
    if (run.durationMs < 0) return;
    const [own, lane, type] = toKinds(run.key).map((name) => this.#open(name));
    if (run.warm) this.#learnSpeed(run, own?.warm.median() ?? lane?.warm.median() ?? null);
    const fleetMs = run.durationMs / this.#slowness(run.workerId);
    for (const kind of [own, lane, type]) kind?.add(run, fleetMs);
  }

  /** Ms that a run on this worker takes with its models loaded, or on any worker for null; null when nothing was measured. */
  expectedMs(key: string, workerId: WorkerId | null): number | null {
    for (const name of toKinds(key)) {
      const kind = this.#kinds.get(name);
      const known =
        kind && (this.#medianOf(kind, 'warm', workerId) ?? this.#medianOf(kind, 'cold', workerId));
      if (known !== null && known !== undefined) return known;
    }
    return null;
  }

  /** Ms that a run takes longer when its models must be loaded first; null when that was not measured. */
  expectedLoadMs(key: string, workerId: WorkerId | null): number | null {
    // Tasks of one type may have any models; of one lane they have the same.
    for (const name of toKinds(key).slice(0, 2)) {
      const kind = this.#kinds.get(name);
      if (!kind) continue;
      const coldMs = this.#medianOf(kind, 'cold', workerId);
      const warmMs = this.#medianOf(kind, 'warm', workerId);
      if (coldMs !== null && warmMs !== null) return Math.max(0, coldMs - warmMs);
    }
    return null;
  }

  /** Ms of a run of any task of this lane, on any worker; null when none was measured. */
  laneMs(lane: string): number | null {
    const kind = this.#kinds.get(toLaneKind(lane));
    return kind ? (kind.warm.median() ?? kind.cold.median()) : null;
  }

  #medianOf(kind: Kind, warmth: 'warm' | 'cold', workerId: WorkerId | null): number | null {
    const own = workerId === null ? null : (kind.byWorker.get(workerId)?.[warmth].median() ?? null);
    if (own !== null) return own;
    const fleetMs = kind[warmth].median();
    return fleetMs === null ? null : fleetMs * (workerId === null ? 1 : this.#slowness(workerId));
  }

  /** How many times longer this worker takes than the fleet does. */
  #slowness(workerId: WorkerId): number {
    return Math.exp(this.#speeds.get(workerId)?.log ?? 0);
  }

  #learnSpeed({ workerId, durationMs }: MeasuredRun, fleetMs: number | null): void {
    if (fleetMs === null || fleetMs <= 0 || durationMs <= 0) return;
    const { log, runs } = this.#speeds.get(workerId) ?? { log: 0, runs: 0 };
    const most = Math.log(MOST_RATIO);
    const seen = Math.min(most, Math.max(-most, Math.log(durationMs / fleetMs)));
    const weight = Math.max(SPEED_WEIGHT, 1 / (runs + 2));
    this.#speeds.set(workerId, { log: log + weight * (seen - log), runs: runs + 1 });
  }

  #open(name: string): Kind {
    const kind = this.#kinds.get(name) ?? new Kind();
    this.#kinds.delete(name);
    this.#kinds.set(name, kind);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > KEPT_KINDS && oldest !== undefined) this.#kinds.delete(oldest);
    return kind;
  }
}

/** The names under which a key's runs are kept, the finest first. */
function toKinds(key: string): string[] {
  const first = key.indexOf('|');
  if (first < 0) return [key];
  const second = key.indexOf('|', first + 1);
  return [key.slice(0, first), toLaneKind(key.slice(first + 1, second)), `type ${key.slice(second + 1)}`];
}

/** The first half of a lane's key says what work it is; the other where it can be done, which changes with the fleet. */
const WORK_LENGTH = 16;

function toLaneKind(lane: string): string {
  return `lane ${lane.slice(0, WORK_LENGTH)}`;
}

/** Runs of one kind: as measured on each worker, and of all workers as if the fleet's average had run them. */
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

/** The newest numbers of a series and their median. */
class Samples {
  #values: number[] = [];
  #median: number | null = null;

  add(value: number): void {
    this.#values = [...this.#values.slice(1 - KEPT_RUNS), value];
    this.#median = null;
  }

  median(): number | null {
    if (this.#values.length === 0) return null;
    this.#median ??= [...this.#values].sort((a, b) => a - b)[Math.floor(this.#values.length / 2)] ?? null;
    return this.#median;
  }
}
