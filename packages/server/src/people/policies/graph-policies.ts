import type { Graph, TimeSlice } from '@comfleet/comfyui';
import type { PrincipalId } from '@comfleet/contract';
import {
  type BindingRules,
  findRefusals,
  grantsWorkflow,
  looksAtInputs,
  type PolicyProblem,
  selectRules,
} from './check-graph-policies.ts';
import { describeRefusal } from './describe-refusal.ts';
import { type PolicyServer, readNodeFacts } from './node-facts.ts';
import { BUILT_IN_RULES, type PolicyRule, type Subject } from './rule.ts';
import type { Subjects } from './subjects.ts';

/** A graph on its way to a worker. */
export interface PolicedGraph {
  ownerId: PrincipalId;
  projectId: string | null;
  /** Name of its workflow; null for a graph of the caller's own. */
  workflow: string | null;
  graph: Graph;
  /** The workers on which it may run, as far as known. */
  servers: readonly PolicyServer[];
  /** How many problems are listed. */
  maxProblems: number;
  slice: TimeSlice;
}

export interface GraphPolicies {
  /** Returns the details of POLICY_REFUSED; null when every rule lets the graph run. */
  check(asked: PolicedGraph): Promise<Record<string, unknown> | null>;
  /** The same for an owner who need not exist. */
  test(subject: Subject, asked: Omit<PolicedGraph, 'ownerId' | 'projectId'>): Promise<PolicyVerdict>;
  /** Returns which named workflows no rule refuses to a principal as such. */
  findGranted(principalId: PrincipalId): Promise<(workflow: string) => boolean>;
  /** The rules in force, built-in ones first. */
  rules(): readonly PolicyRule[];
}

/** What is refused of a graph. */
export interface PolicyVerdict {
  problems: readonly PolicyProblem[];
  /** How many there are. */
  count: number;
}

/** Checks graphs against the built-in rules and those of the file as they are now. */
export function createGraphPolicies(deps: {
  configured: () => readonly PolicyRule[];
  subjects: Subjects;
}): GraphPolicies {
  const { subjects } = deps;
  const rules = () => [...BUILT_IN_RULES, ...deps.configured()];
  return {
    check: async (asked) => {
      const { ownerId, projectId } = asked;
      const [owner, project] = await Promise.all([
        subjects.findOwner(ownerId),
        projectId === null ? null : subjects.findProject(projectId),
      ]);
      const binding = selectRules(rules(), { ...owner, project });
      const { problems, count } = await findAll(binding, asked);
      return count === 0 ? null : describeRefusal(problems, { graph: asked.graph, count });
    },
    test: (subject, asked) => findAll(selectRules(rules(), subject), asked),
    findGranted: async (id) => {
      // Rules for projects refuse more, never less.
      const binding = selectRules(rules(), { ...(await subjects.findOwner(id)), project: null });
      return (workflow) => grantsWorkflow(binding, workflow);
    },
    rules,
  };
}

async function findAll(
  binding: BindingRules,
  { workflow, graph, servers, maxProblems, slice }: Omit<PolicedGraph, 'ownerId' | 'projectId'>,
): Promise<PolicyVerdict> {
  if (binding.rules.length === 0) return { problems: [], count: 0 };
  const nodes = readNodeFacts(graph, servers, { inputs: looksAtInputs(binding) });
  const problems: PolicyProblem[] = [];
  let count = 0;
  await slice.run(collect());
  return { problems, count };

  function* collect(): Generator<void, void> {
    for (const found of findRefusals(binding, { workflow, nodes })) {
      count += found.length;
      problems.push(...found.slice(0, Math.max(0, maxProblems - problems.length)));
      yield;
    }
  }
}
