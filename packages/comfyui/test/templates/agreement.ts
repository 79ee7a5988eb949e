import { parseGraph } from '../../src/graphs/graph.ts';
import type { ClassifiedProblem } from '../../src/graphs/graph-verdict.ts';
import type { ObjectInfo } from '../../src/graphs/object-info.ts';
import { validateGraph } from '../../src/graphs/validate-graph.ts';
import { killingKinds } from './mutation-kinds.ts';
import type { Mutation } from './mutations.ts';
import type { RealVerdict } from './template-data.ts';

/** Our verdict on a graph before it is sent. */
export interface OurVerdict {
  refused: boolean;
  problems: readonly Pick<ClassifiedProblem, 'nodeId' | 'inputName' | 'type' | 'certainty' | 'effect'>[];
}

/** Validates a graph of any shape against the recorded server. */
export function validateOurselves(graph: unknown, objectInfo: ObjectInfo): OurVerdict {
  const parsed = parseGraph(graph);
  if (parsed.ok) return validateGraph(parsed.graph, objectInfo, { version: '0.33.0' });
  const structure = { certainty: 'certain', effect: 'refuses_graph' } as const;
  return { refused: true, problems: parsed.problems.map((problem) => ({ ...problem, ...structure })) };
}

/** A mutation with the server's verdict and ours. */
export interface Compared {
  mutation: Mutation;
  real: RealVerdict;
  ours: OurVerdict;
}

/**
 * True for graphs that the server accepts and that kill its worker thread (protocol 13.1). A node without inputs does so
 * anywhere, even when the outputs that it feeds are left out (seen on 0.33.0).
 */
export function isKiller({ mutation: { kind }, real }: Compared): boolean {
  return killingKinds.has(kind) || (kind === 'node without inputs' && real.isAccepted);
}

/** True if the server runs the graph or its valid part. */
export function runs(compared: Compared): boolean {
  return compared.real.isAccepted && !isKiller(compared) && !failsForCertain(compared);
}

/** Calls that we predict to fail, and that did fail on the server. */
export function failsForCertain({ real, ours }: Compared): boolean {
  return ours.problems.some((problem) => isCertainFailure(problem) && isFailing(real, problem.nodeId));
}

/** Calls that we predict to fail, but that work on the server. */
export function failsWrongly({ real, ours }: Compared): boolean {
  return (
    real.isAccepted &&
    ours.problems.some((problem) => isCertainFailure(problem) && !isFailing(real, problem.nodeId))
  );
}

/** True if both find a problem, or neither does. Failures that only occur at run time are counted separately. */
export function agree(compared: Compared): boolean {
  const { real, ours } = compared;
  const reported = ours.problems.filter(
    (problem) => !(isCertainFailure(problem) && isFailing(real, problem.nodeId)),
  );
  return reported.length > 0 === (!real.isAccepted || real.problems.length > 0);
}

function isCertainFailure({ certainty, effect }: OurVerdict['problems'][number]): boolean {
  return certainty === 'certain' && effect === 'fails_run';
}

function isFailing({ failingCalls = [] }: RealVerdict, nodeId: string | null): boolean {
  return nodeId !== null && failingCalls.includes(nodeId);
}
