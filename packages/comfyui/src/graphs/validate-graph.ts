import { findBrokenLinks, findCheckedBrokenLinks, findKillingLinks } from './broken-links.ts';
import { checkNode, type GraphScope } from './check-node.ts';
import { readRules } from './comfyui-rules.ts';
import type { Graph } from './graph.ts';
import {
  type ClassifiedProblem,
  type GraphVerdict,
  ProblemList,
  type RemovedOutput,
} from './graph-verdict.ts';
import { type NodeReplacements, replaceNodes } from './node-replacements.ts';
import { findNodeInfo, type ObjectInfo } from './object-info.ts';
import { isOutputNode } from './requirements.ts';
import { walkUpstream } from './walk-upstream.ts';

/** Facts about the server apart from its object_info. */
export interface ValidateOptions {
  /** ComfyUI's version as /system_stats reports it; without it, version differences are doubtful. */
  version?: string | null;
  /** GET /node_replacements: removed classes and their replacements. */
  replacements?: NodeReplacements;
  /** Inputs whose value we replace before the graph is sent, so that their present value does not matter. */
  isSupplied?: (nodeId: string, inputName: string) => boolean;
  /** Maximum number of problems to list of each certainty. Default 100. */
  maxProblems?: number;
}

/**
 * Validates a graph as POST /prompt of a ComfyUI with this object_info would (0.3.64 to 0.33): replaces classes, requires every
 * class to exist, then checks what feeds the output nodes. Pure, linear in the graph. A certain problem, whatever the classes do,
 * removes outputs; a doubtful one, up to a class, is only reported. A graph that would kill the worker is refused.
 */
export function validateGraph(
  written: Graph,
  objectInfo: ObjectInfo,
  options: ValidateOptions = {},
): GraphVerdict {
  const steps = validateInSteps(written, objectInfo, options);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** The same in small steps, for callers that must yield between them. */
export function* validateInSteps(
  written: Graph,
  objectInfo: ObjectInfo,
  options: ValidateOptions = {},
): Generator<void, GraphVerdict> {
  const problems = new ProblemList(options.maxProblems ?? 100);
  const { graph, missing } = replaceNodes(written, objectInfo, options.replacements ?? new Map());
  for (const { nodeId, inputName } of missing) problems.add(lackOldInput(nodeId, inputName));
  findMissingClasses(graph, objectInfo, problems);
  yield;
  const outputs = Object.keys(graph).filter((id) => isOutputNode(graph, id, objectInfo));
  if (outputs.length === 0) problems.add(NO_OUTPUTS);
  const scope: GraphScope = {
    graph,
    objectInfo,
    rules: readRules(options.version),
    isSupplied: options.isSupplied ?? (() => false),
  };
  yield;
  const broken = findBrokenLinks(graph);
  const refusing = new Set<string>();
  const causes = yield* walkUpstream(outputs, {
    visit: (nodeId) => {
      const { links, problems: own } = checkNode(scope, nodeId);
      const found = [...own, ...findCheckedBrokenLinks(broken, nodeId, links)];
      for (const problem of found) problems.add(problem);
      if (found.some(isRefusing)) refusing.add(nodeId);
      return { links, isFaulty: found.some(({ certainty }) => certainty === 'certain') };
    },
    onCycle: (path) => {
      for (const nodeId of path) refusing.add(nodeId);
      problems.add(describeCycle(path));
    },
  });
  // Nodes that fail at run time count as running: a worker may die of it first.
  const running = outputs.filter((id) => !causes.get(id)?.some((cause) => refusing.has(cause)));
  for (const problem of findKillingLinks(graph, broken, running)) problems.add(problem);
  return conclude(problems, outputs, causes);
}

function isRefusing({ certainty, effect }: ClassifiedProblem): boolean {
  return certainty === 'certain' && effect === 'removes_outputs';
}

function conclude(
  problems: ProblemList,
  outputs: readonly string[],
  causes: ReadonlyMap<string, readonly string[]>,
): GraphVerdict {
  const removed: RemovedOutput[] = [];
  const left: string[] = [];
  for (const nodeId of outputs) {
    const found = causes.get(nodeId) ?? [];
    if (found.length > 0) removed.push({ nodeId, causes: found });
    else left.push(nodeId);
  }
  const refused = problems.concernsAll || left.length === 0;
  return {
    refused,
    problems: problems.list(),
    certainCount: problems.certainCount,
    doubtfulCount: problems.doubtfulCount,
    outputs: refused ? [] : left,
    removed,
  };
}

const NO_OUTPUTS: ClassifiedProblem = {
  nodeId: null,
  inputName: null,
  type: 'prompt_no_outputs',
  message: 'Prompt has no outputs',
  certainty: 'certain',
  effect: 'refuses_graph',
};

function findMissingClasses(graph: Graph, objectInfo: ObjectInfo, problems: ProblemList): void {
  for (const [nodeId, { class_type: classType }] of Object.entries(graph)) {
    if (findNodeInfo(objectInfo, classType) !== undefined) continue;
    problems.add({
      nodeId,
      inputName: null,
      type: 'missing_node_type',
      message: `Cannot execute because node ${classType.slice(0, 200)} does not exist.`,
      certainty: 'certain',
      effect: 'refuses_graph',
    });
  }
}

function lackOldInput(nodeId: string, inputName: string): ClassifiedProblem {
  return {
    nodeId,
    inputName,
    type: 'required_input_missing',
    message: `Required input is missing: ${inputName}, which the replacement of this node reads`,
    certainty: 'certain',
    effect: 'refuses_graph',
  };
}

function describeCycle(path: readonly string[]): ClassifiedProblem {
  const [nodeId = null] = path;
  const shown = path.length > 20 ? [...path.slice(0, 19), '…', ...path.slice(-1)] : path;
  return {
    nodeId,
    inputName: null,
    type: 'dependency_cycle',
    message: `Dependency cycle detected: ${shown.join(' → ')}`.slice(0, 2000),
    certainty: 'certain',
    effect: 'removes_outputs',
  };
}
