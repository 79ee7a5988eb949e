import { type Graph, isLosslessNumber } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import { isScalar, type Scalar, toExactNumber } from './convert-value.ts';
import { copyGraph } from './copy-graph.ts';
import { createProblem, type Problem } from './parameter-problem.ts';
import { findTargetProblem, writeInput } from './write-input.ts';

/** One change of one input, as it stands on the wire. */
export interface NodeUpdate {
  node_id: string;
  input_name: string;
  value: unknown;
}

export type BoundUpdates = { ok: true; graph: Graph } | { ok: false; problems: Problem[] };

/**
 * Writes single values to inputs of a copy of a graph. Refused: nodes and inputs that are not there, links, and values
 * that are no scalars. A problem's `parameter` is `node_id.input_name`. Seeds are not drawn here.
 */
export function bindUpdates(graph: Graph, updates: readonly NodeUpdate[]): BoundUpdates {
  const problems: Problem[] = [];
  const copy = copyGraph(graph);
  for (const update of updates) {
    const target = { nodeId: String(update.node_id), inputName: update.input_name };
    const parameter = `${target.nodeId}.${target.inputName}`;
    const missing = findTargetProblem(graph, target);
    const scalar = readScalar(update.value);
    if (missing !== null) problems.push(createProblem(parameter, 'target_missing', missing));
    else if (scalar === null) {
      problems.push(createProblem(parameter, 'not_scalar', plainText('parameter.not_scalar')));
    } else writeInput(copy, target, scalar);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, graph: copy };
}

function readScalar(value: unknown): Scalar | null {
  if (!isScalar(value)) return null;
  if (typeof value === 'bigint') return toExactNumber(String(value));
  const number = isLosslessNumber(value) ? Number(value.value) : value;
  return typeof number === 'number' && !Number.isFinite(number) ? null : value;
}
