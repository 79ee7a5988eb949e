import type { GraphProblem } from './graph.ts';

/**
 * certain: ComfyUI does this whatever the class does; doubtful: the class may decide otherwise (its own VALIDATE_INPUTS or
 * types), which /object_info does not show, so that only the worker knows.
 */
export type Certainty = 'certain' | 'doubtful';

/**
 * What ComfyUI does about a problem. `kills_worker`: it accepts the graph and its worker thread dies (comfyui 0.3.64 to 0.33);
 * `refuses_graph`: 400 or 500 for the whole graph; `removes_outputs`: the outputs that depend on the node do not run, the others
 * do; `fails_run`: accepted, then an execution_error.
 */
export type ProblemEffect = 'kills_worker' | 'refuses_graph' | 'removes_outputs' | 'fails_run';

/** One problem of a graph, its certainty and its effect. */
export interface ClassifiedProblem extends GraphProblem {
  certainty: Certainty;
  effect: ProblemEffect;
}

/** An output node that cannot run, and the nodes whose certain problems cause this (at most eight). */
export interface RemovedOutput {
  nodeId: string;
  causes: readonly string[];
}

/** What a server with this object_info would do with a graph. */
export interface GraphVerdict {
  /** True when the graph must not be sent: the server refuses all of it, nothing of it would run, or it kills the worker. */
  refused: boolean;
  /** Certain ones first; at most `maxProblems` of each certainty. */
  problems: readonly ClassifiedProblem[];
  /** Number of certain problems, listed or not. */
  certainCount: number;
  doubtfulCount: number;
  /** Ids of the output nodes that run as far as is certain; empty when refused. */
  outputs: readonly string[];
  /** Output nodes that a certain problem removes; all outputs when none is left. */
  removed: readonly RemovedOutput[];
}

/** Collects problems; a graph may have a million, of which a user reads ten. */
export class ProblemList {
  readonly #max: number;
  readonly #certain: ClassifiedProblem[] = [];
  readonly #doubtful: ClassifiedProblem[] = [];
  certainCount = 0;
  doubtfulCount = 0;
  /** True once a certain problem concerns the graph as a whole. */
  concernsAll = false;

  constructor(max: number) {
    this.#max = max;
  }

  add(problem: ClassifiedProblem): void {
    if (problem.certainty === 'doubtful') {
      this.doubtfulCount += 1;
      if (this.#doubtful.length < this.#max) this.#doubtful.push(problem);
      return;
    }
    this.certainCount += 1;
    if (problem.effect === 'kills_worker' || problem.effect === 'refuses_graph') this.concernsAll = true;
    if (this.#certain.length < this.#max) this.#certain.push(problem);
  }

  list(): ClassifiedProblem[] {
    return [...this.#certain, ...this.#doubtful];
  }
}
