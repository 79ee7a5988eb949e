import { parseGraph } from '../../src/graphs/graph.ts';
import type { ClassifiedProblem } from '../../src/graphs/graph-verdict.ts';
import type { ObjectInfo } from '../../src/graphs/object-info.ts';
import { validateGraph } from '../../src/graphs/validate-graph.ts';
import { killingKinds } from './mutation-kinds.ts';
import type { Mutation } from './mutations.ts';
import type { RealVerdict } from './template-data.ts';

/** What we tell of a graph before it is sent. */
export interface OurVerdict {
  refused: boolean;
  problems: readonly Pick<ClassifiedProblem, 'nodeId' | 'inputName' | 'type' | 'certainty' | 'effect'>[];
}

/** Judges a graph as it came, of any shape, against the recorded server. */
export function validateOurselves(graph: unknown, objectInfo: ObjectInfo): OurVerdict {
  const parsed = parseGraph(graph);
  if (parsed.ok) return validateGraph(parsed.graph, objectInfo, { version: '0.33.0' });
  const structure = { certainty: 'certain', effect: 'refuses_graph' } as const;
  return { refused: true, problems: parsed.problems.map((problem) => ({ ...problem, ...structure })) };
}

/** A mutation beside what the server and we said of it. */
export interface Compared {
  mutation: Mutation;
  real: RealVerdict;
  ours: OurVerdict;
}

/**
 * True for graphs that the server takes and that end its worker (protocol 13.1). A node without inputs does so wherever it
 * stands, also when the outputs that it feeds are left out (seen on 0.33.0).
 */
export function isKiller({ mutation: { kind }, real }: Compared): boolean {
  return killingKinds.has(kind) || (kind === 'node without inputs' && real.isAccepted);
}

/** True when the server runs all of the graph or the part of it that is right. */
export function runs(compared: Compared): boolean {
  return compared.real.isAccepted && !isKiller(compared) && !failsForCertain(compared);
}

/** Calls that we say fail for certain, and that the server could indeed not make. */
export function failsForCertain({ real, ours }: Compared): boolean {
  return ours.problems.some((problem) => isCertainFailure(problem) && isFailing(real, problem.nodeId));
}

/** Calls that we say fail for certain, and that the server could make. */
export function failsWrongly({ real, ours }: Compared): boolean {
  return (
    real.isAccepted &&
    ours.problems.some((problem) => isCertainFailure(problem) && !isFailing(real, problem.nodeId))
  );
}

/** True when both find something wrong, or neither does; what is certain to fail only when it runs is counted apart. */
export function agree(compared: Compared): boolean {
  const { real, ours } = compared;
  const told = ours.problems.filter(
    (problem) => !(isCertainFailure(problem) && isFailing(real, problem.nodeId)),
  );
  return told.length > 0 === (!real.isAccepted || real.problems.length > 0);
}

function isCertainFailure({ certainty, effect }: OurVerdict['problems'][number]): boolean {
  return certainty === 'certain' && effect === 'fails_run';
}

function isFailing({ failingCalls = [] }: RealVerdict, nodeId: string | null): boolean {
  return nodeId !== null && failingCalls.includes(nodeId);
}
