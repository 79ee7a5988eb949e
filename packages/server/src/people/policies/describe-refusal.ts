import { findGraphNode, type Graph, nameGraphNode } from '@comfleet/comfyui';
import type { PolicyProblem } from './check-graph-policies.ts';

/**
 * Details of POLICY_REFUSED: each node with its class and the rules that refuse it, in ComfyUI's form of node_errors. `count` is the
 * number of problems if not all are listed.
 */
export function describeRefusal(
  problems: readonly PolicyProblem[],
  { graph, count }: { graph: Graph; count: number },
): Record<string, unknown> {
  // A node id may be the name of a property that every object has.
  const nodeErrors = new Map<string, { errors: unknown[] }>();
  for (const problem of problems) {
    const nodeId = 'nodeId' in problem ? problem.nodeId : '';
    const entry = nodeErrors.get(nodeId) ?? { ...nameGraphNode(findGraphNode(graph, nodeId)), errors: [] };
    const inputName = 'inputName' in problem ? problem.inputName : null;
    const message = describePolicyProblem(problem);
    entry.errors.push({ type: 'policy', message, input_name: inputName, rule: problem.rule });
    nodeErrors.set(nodeId, entry);
  }
  return {
    rules: [...new Set(problems.map(({ rule }) => rule))],
    node_errors: Object.fromEntries(nodeErrors),
    ...(count > problems.length && { problem_count: count }),
  };
}

/** The English of a problem; `describeProblems` of the contract reads it again to say it in other languages. */
export function describePolicyProblem(problem: PolicyProblem): string {
  const rule = `Rule "${problem.rule}"`;
  switch (problem.kind) {
    case 'workflow':
      return `${rule} refuses workflow ${problem.workflow}`;
    case 'no_workflow':
      return `${rule} allows named workflows only`;
    case 'node':
      return `${rule} refuses node class ${problem.classType}`;
    case 'api_node':
      return `${rule} refuses node class ${problem.classType}, which calls a service on the internet`;
    case 'model':
      return `${rule} refuses model ${problem.model}`;
    case 'size': {
      const { limit, most, value } = problem;
      const given = Number.isFinite(value) ? String(value) : 'a plain number';
      return `${rule} allows ${limit} up to ${most}, not ${given}`;
    }
    default: {
      const unknownProblem: never = problem;
      return unknownProblem;
    }
  }
}
