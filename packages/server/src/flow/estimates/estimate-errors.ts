import type { EstimateError } from '@comfleet/contract';

const RETAINED_ERRORS = 200;
const RETAINED_WORKFLOWS = 1000;

/** Estimates for a task, as stored with its claim's event; null without measurements. */
export interface Expectation {
  /** Run time, estimated when its worker was chosen. */
  expected_ms: number | null;
  /** End, estimated at acceptance; epoch ms. */
  expected_end_ms: number | null;
}

/** A run that succeeded; epoch ms. */
interface Outcome {
  workflow: string | null;
  taskType: string;
  acceptedMs: number;
  startedMs: number;
  endedMs: number;
}

interface Ratios {
  workflow: string | null;
  taskType: string;
  run: number[];
  end: number[];
}

/** How far off estimates were: the latest 200 run times and ends of each workflow. Pure. */
export class EstimateErrors {
  readonly #byWorkflow = new Map<string, Ratios>();

  record(
    { workflow, taskType, acceptedMs, startedMs, endedMs }: Outcome,
    expected: Partial<Expectation>,
  ): void {
    const { expected_ms: runMs = null, expected_end_ms: endMs = null } = expected;
    if (runMs === null && endMs === null) return;
    const ratios = this.#open(workflow, taskType);
    if (runMs !== null) keep(ratios.run, toRatio(runMs, endedMs - startedMs));
    if (endMs !== null) keep(ratios.end, toRatio(endMs - acceptedMs, endedMs - acceptedMs));
  }

  list(): EstimateError[] {
    return [...this.#byWorkflow.values()].map(({ workflow, taskType, run, end }) => ({
      workflow,
      task_type: taskType,
      run_time: summarise(run),
      end_time: summarise(end),
    }));
  }

  #open(workflow: string | null, taskType: string): Ratios {
    const key = JSON.stringify([taskType, workflow]);
    const ratios = this.#byWorkflow.get(key) ?? { workflow, taskType, run: [], end: [] };
    if (this.#byWorkflow.size < RETAINED_WORKFLOWS) this.#byWorkflow.set(key, ratios);
    return ratios;
  }
}

function keep(ratios: number[], ratio: number): void {
  ratios.push(ratio);
  if (ratios.length > RETAINED_ERRORS) ratios.shift();
}

/** Relative error: 0.25 for an estimate that was a quarter too long or too short. */
function toRatio(expectedMs: number, actualMs: number): number {
  return Math.abs(expectedMs - actualMs) / Math.max(1, actualMs);
}

function summarise(ratios: readonly number[]): EstimateError['run_time'] {
  if (ratios.length === 0) return null;
  const sorted = [...ratios].sort((a, b) => a - b);
  const at = (share: number) => {
    const ratio = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return Math.round(ratio * 1000) / 1000;
  };
  return { samples: ratios.length, median_error_ratio: at(0.5), p90_error_ratio: at(0.9) };
}
