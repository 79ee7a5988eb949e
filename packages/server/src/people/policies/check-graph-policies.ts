import {
  bindsSubject,
  LIMITS,
  type LimitName,
  liftsFor,
  matchesAny,
  matchesExactly,
  type Patterns,
  type PolicyRule,
  type Subject,
} from './rule.ts';

/** A value of a node that a limit applies to. */
export interface SizeFact {
  readonly limit: LimitName;
  readonly inputName: string;
  readonly value: number;
}

/** What rules look at in one node. */
export interface NodeFacts {
  readonly nodeId: string;
  readonly classType: string;
  /** The class in the graph, where the worker replaces it by `classType`. */
  readonly writtenClass: string;
  /** A worker declares that the class calls a service on the internet. */
  readonly isApiNode: boolean;
  /** Model files: all names of one file, with and without its folder. */
  readonly models: readonly { readonly inputName: string; readonly names: readonly string[] }[];
  readonly sizes: readonly SizeFact[];
}

/** What rules look at in a graph. */
export interface GraphFacts {
  /** Null for a graph without a named workflow. */
  readonly workflow: string | null;
  readonly nodes: Iterable<NodeFacts>;
}

/** What one rule refuses in one place. */
export type PolicyProblem = { readonly rule: string } & (
  | { readonly kind: 'workflow'; readonly workflow: string }
  | { readonly kind: 'no_workflow' }
  | { readonly kind: 'node' | 'api_node'; readonly nodeId: string; readonly classType: string }
  | {
      readonly kind: 'model';
      readonly nodeId: string;
      readonly classType: string;
      readonly inputName: string;
      readonly model: string;
    }
  | ({
      readonly kind: 'size';
      readonly nodeId: string;
      readonly classType: string;
      readonly most: number;
    } & SizeFact)
);

/** The rules that bind an owner. */
export interface BindingRules {
  readonly rules: readonly PolicyRule[];
  /** Node classes that the built-in ones do not refuse. */
  readonly lifted: Patterns;
}

/** Selects the rules that bind an owner: each is a restriction of its own. Pure. */
export function selectRules(rules: readonly PolicyRule[], subject: Subject): BindingRules {
  const binding = rules.filter((rule) => bindsSubject(rule, subject));
  const lifting = binding.filter((rule) => liftsFor(rule, subject));
  return { rules: binding, lifted: lifting.flatMap(({ lift }) => lift.nodes) };
}

/**
 * Returns everything that a rule refuses in a graph. Each rule is a restriction of its own: what one denies, no other allows. Only
 * a lift permits more, and only of what the built-in rules refuse. Pure.
 */
export function checkGraphPolicies(
  policies: readonly PolicyRule[],
  subject: Subject,
  facts: GraphFacts,
): PolicyProblem[] {
  const steps = findRefusals(selectRules(policies, subject), facts);
  const problems: PolicyProblem[] = [];
  for (let step = steps.next(); !step.done; step = steps.next()) problems.push(...(step.value ?? []));
  return problems;
}

/** The same one node at a time, because a graph may be large. Yields what is refused of each. */
export function* findRefusals(
  { rules, lifted }: BindingRules,
  { workflow, nodes }: GraphFacts,
): Generator<readonly PolicyProblem[], void> {
  yield rules.flatMap((rule) => checkWorkflow(rule, workflow));
  const refusesClass = createClassCheck(rules, lifted);
  const refusesModel = createModelCheck();
  for (const node of nodes) {
    const { nodeId, writtenClass: classType, models, sizes } = node;
    const found: PolicyProblem[] = [...refusesClass(node)];
    for (const rule of rules) {
      for (const { inputName, names } of models)
        if (refusesModel(rule, names))
          found.push({ rule: rule.name, kind: 'model', nodeId, classType, inputName, model: names[0] ?? '' });
      for (const size of sizes) {
        const most = rule.max[size.limit];
        if (most !== undefined && !(size.value <= most))
          found.push({ rule: rule.name, kind: 'size', nodeId, classType, ...size, most });
      }
    }
    yield found;
  }
}

/** True when a rule looks at models or numbers, so that inputs must be read. */
export function looksAtInputs({ rules }: BindingRules): boolean {
  return rules.some(
    ({ deny, allow, max }) =>
      deny.models.length > 0 || allow.models !== null || LIMITS.some((name) => max[name] !== undefined),
  );
}

/** Returns whether no rule refuses a named workflow as such; its nodes are another matter. Pure. */
export function grantsWorkflow({ rules }: BindingRules, workflow: string): boolean {
  return rules.every((rule) => checkWorkflow(rule, workflow).length === 0);
}

function checkWorkflow({ name: rule, deny, allow }: PolicyRule, workflow: string | null): PolicyProblem[] {
  if (workflow === null) return allow.workflows === null ? [] : [{ rule, kind: 'no_workflow' }];
  const isAllowed = allow.workflows === null || matchesExactly(allow.workflows, workflow);
  return isAllowed && !matchesAny(deny.workflows, workflow) ? [] : [{ rule, kind: 'workflow', workflow }];
}

/** A graph of many nodes has few classes: each is compared with the patterns once. */
function createClassCheck(
  rules: readonly PolicyRule[],
  lifted: Patterns,
): (node: NodeFacts) => PolicyProblem[] {
  const known = new Map<string, readonly { rule: string; kind: 'node' | 'api_node' }[]>();
  return (node) => {
    const { nodeId, classType, writtenClass, isApiNode } = node;
    const key = JSON.stringify([classType, writtenClass, isApiNode]);
    let refusals = known.get(key);
    if (refusals === undefined) {
      refusals = rules.flatMap((rule) => checkClass(rule, node, lifted));
      known.set(key, refusals);
    }
    return refusals.map((refusal) => ({ ...refusal, nodeId, classType: writtenClass }));
  };
}

function checkClass(
  { name: rule, isBuiltIn, deny, allow }: PolicyRule,
  { classType, writtenClass, isApiNode }: NodeFacts,
  lifted: Patterns,
): { rule: string; kind: 'node' | 'api_node' }[] {
  // A lift permits, so it is as exact as an allow list.
  if (isBuiltIn && matchesExactly(lifted, classType) && matchesExactly(lifted, writtenClass)) return [];
  const isAllowed = allow.nodes === null || matchesExactly(allow.nodes, classType);
  const isDenied = matchesAny(deny.nodes, classType) || matchesAny(deny.nodes, writtenClass);
  if (isDenied || !isAllowed) return [{ rule, kind: 'node' }];
  return deny.apiNodes && isApiNode ? [{ rule, kind: 'api_node' }] : [];
}

/** The nodes of a graph name few files: each is compared with the patterns once. Its first name stands for it. */
function createModelCheck(): (rule: PolicyRule, names: readonly string[]) => boolean {
  const known = new Map<PolicyRule, Map<string, boolean>>();
  return (rule, names) => {
    const answers = known.get(rule) ?? new Map<string, boolean>();
    known.set(rule, answers);
    const [key = ''] = names;
    const answer = answers.get(key) ?? isModelRefused(rule, names);
    answers.set(key, answer);
    return answer;
  };
}

function isModelRefused({ deny, allow }: PolicyRule, names: readonly string[]): boolean {
  if (names.some((name) => matchesAny(deny.models, name))) return true;
  const { models } = allow;
  return models !== null && !names.some((name) => matchesExactly(models, name));
}
