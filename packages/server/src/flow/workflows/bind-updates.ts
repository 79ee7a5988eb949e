import { type Graph, isLosslessNumber } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import { isScalar, type Scalar, toExactNumber } from './convert-value.ts';
import { copyGraph } from './copy-graph.ts';
import { createProblem, type Problem } from './parameter-problem.ts';
import type { GraphTarget } from './workflow-definition.ts';
import { findTargetProblem, isTarget, writeInput } from './write-input.ts';

/** One change of one input, as on the wire. */
export interface NodeUpdate {
  node_id: string;
  input_name: string;
  value: unknown;
}

export type BoundUpdates =
  | { ok: true; graph: Graph }
  /** `count` is their total, of which some are listed. */
  | { ok: false; problems: Problem[]; count: number };

/**
 * Writes single values to inputs of a copy of a graph. Refused: nodes and inputs that do not exist, links, and values that are
 * not scalars. A problem's `parameter` is `node_id.input_name`; at most `maxProblems` are listed. Seeds are not drawn here.
 */
export function bindUpdates(
  graph: Graph,
  updates: readonly NodeUpdate[],
  maxProblems = MAX_PROBLEMS,
): BoundUpdates {
  const problems: Problem[] = [];
  let count = 0;
  const copy = copyGraph(graph);
  for (const update of updates) {
    const target = { nodeId: String(update.node_id), inputName: update.input_name };
    const scalar = readScalar(update.value);
    if (scalar !== null && isTarget(graph, target)) {
      writeInput(copy, target, scalar);
      continue;
    }
    count += 1;
    if (problems.length < maxProblems) problems.push(describeProblem(graph, target));
  }
  return count > 0 ? { ok: false, problems, count } : { ok: true, graph: copy };
}

const MAX_PROBLEMS = 100;

function describeProblem(graph: Graph, target: GraphTarget): Problem {
  const parameter = `${target.nodeId}.${target.inputName}`.slice(0, MAX_SHOWN);
  const missing = findTargetProblem(graph, target);
  if (missing !== null) return createProblem(parameter, 'target_missing', missing);
  return createProblem(parameter, 'not_scalar', plainText('parameter.not_scalar'));
}

const MAX_SHOWN = 200;

function readScalar(value: unknown): Scalar | null {
  if (!isScalar(value)) return null;
  if (typeof value === 'bigint') return toExactNumber(String(value));
  const number = isLosslessNumber(value) ? Number(value.value) : value;
  return typeof number === 'number' && !Number.isFinite(number) ? null : value;
}
