import { findGraphNode, type Graph, type GraphNode, type GraphProblem, readLink } from './graph.ts';
import { findNodeInfo, type InputSpec, type ObjectInfo, readInputSpecs } from './object-info.ts';
import { isOutputNode } from './requirements.ts';
import { checkValue } from './validate-value.ts';

/** How strictly to validate. */
export interface ValidateOptions {
  /** Check the choices of V3 combos too; ComfyUI 0.3.64 does not, later ones do. Default false. */
  checkV3Combos?: boolean;
}

interface Walk {
  graph: Graph;
  objectInfo: ObjectInfo;
  options: ValidateOptions;
  /** Nodes on the path from the output to here, then those that are finished. */
  open: Set<string>;
  finished: Set<string>;
  problems: GraphProblem[];
}

/**
 * Validates a graph as POST /prompt of ComfyUI 0.3.64 does, with its error types (protocol 3.5): every class must exist, then it
 * walks upward from the output nodes. Pure. Inputs that take uploads are not compared with the server's file list.
 */
export function validateGraph(
  graph: Graph,
  objectInfo: ObjectInfo,
  options: ValidateOptions = {},
): GraphProblem[] {
  const missing = findMissingClasses(graph, objectInfo);
  if (missing.length > 0) return missing;
  const outputs = Object.keys(graph).filter((id) => isOutputNode(graph, id, objectInfo));
  if (outputs.length === 0) {
    return [{ nodeId: null, inputName: null, type: 'prompt_no_outputs', message: 'Prompt has no outputs' }];
  }
  const walk: Walk = { graph, objectInfo, options, open: new Set(), finished: new Set(), problems: [] };
  for (const nodeId of outputs) visit(walk, nodeId);
  return walk.problems;
}

function findMissingClasses(graph: Graph, objectInfo: ObjectInfo): GraphProblem[] {
  return Object.entries(graph)
    .filter(([, node]) => findNodeInfo(objectInfo, node.class_type) === undefined)
    .map(([nodeId, node]) => ({
      nodeId,
      inputName: null,
      type: 'missing_node_type',
      message: `Cannot execute because node ${node.class_type} does not exist.`,
    }));
}

/** Depth first with a stack of its own: a chain of 10,000 nodes must not overflow ours. */
function visit(walk: Walk, outputId: string): void {
  const stack: { nodeId: string; links: string[] }[] = [];
  const enter = (nodeId: string): void => {
    if (walk.finished.has(nodeId)) return;
    if (walk.open.has(nodeId)) {
      walk.problems.push(
        describeCycle(
          nodeId,
          stack.map((step) => step.nodeId),
        ),
      );
      return;
    }
    walk.open.add(nodeId);
    stack.push({ nodeId, links: checkNode(walk, nodeId) });
  };
  enter(outputId);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.links.pop();
    if (next !== undefined) {
      enter(next);
      continue;
    }
    stack.pop();
    walk.open.delete(top.nodeId);
    walk.finished.add(top.nodeId);
  }
}

function describeCycle(nodeId: string, path: string[]): GraphProblem {
  const cycle = [...path.slice(path.indexOf(nodeId)), nodeId].join(' → ');
  return {
    nodeId,
    inputName: null,
    type: 'dependency_cycle',
    message: `Dependency cycle detected: ${cycle}`,
  };
}

/** Checks all inputs of one node and returns the ids of the nodes that feed it. */
function checkNode(walk: Walk, nodeId: string): string[] {
  const node = findGraphNode(walk.graph, nodeId);
  const info = node && findNodeInfo(walk.objectInfo, node.class_type);
  if (node === undefined || info === undefined) return [];
  const links: string[] = [];
  for (const spec of readInputSpecs(info)) {
    const found = checkInput(walk, node, spec);
    if (found.link !== undefined) links.push(found.link);
    if (found.type !== undefined) {
      walk.problems.push({
        nodeId,
        inputName: spec.name,
        type: found.type,
        message: found.message ?? found.type,
      });
    }
  }
  return links.reverse();
}

/** What one input turned out to be: a link to follow, a problem, or neither. */
interface InputFinding {
  link?: string;
  type?: string;
  message?: string;
}

function checkInput(walk: Walk, node: GraphNode, spec: InputSpec): InputFinding {
  if (!Object.hasOwn(node.inputs, spec.name)) {
    if (!spec.required) return {};
    return { type: 'required_input_missing', message: `Required input is missing: ${spec.name}` };
  }
  const value = node.inputs[spec.name];
  if (Array.isArray(value)) return checkLink(walk, value, spec);
  return checkValue(value, spec, {
    classType: node.class_type,
    checkV3Combos: walk.options.checkV3Combos ?? false,
  });
}

function checkLink(walk: Walk, value: unknown[], spec: InputSpec): InputFinding {
  const link = readLink(value);
  if (link === null) {
    const message = `Bad linked input, must be a length-2 list of [node_id, slot_index]: ${spec.name}`;
    return { type: 'bad_linked_input', message };
  }
  const source = findGraphNode(walk.graph, link.nodeId);
  const info = source && findNodeInfo(walk.objectInfo, source.class_type);
  if (info === undefined) {
    // ComfyUI fails with a KeyError here and reports it as an exception.
    const message = `Input ${spec.name} links to node '${link.nodeId}', which is not in the graph`;
    return { type: 'exception_during_validation', message };
  }
  const outputs = info.output ?? [];
  if (!Number.isInteger(link.outputIndex) || link.outputIndex < 0 || link.outputIndex >= outputs.length) {
    const message = `Input ${spec.name} links to output ${link.outputIndex} of node '${link.nodeId}', which has ${outputs.length}`;
    return { type: 'exception_during_validation', message };
  }
  const received = outputs[link.outputIndex];
  if (!acceptsType(spec, received)) {
    const message = `Return type mismatch between linked nodes: ${spec.name}, received_type(${describe(received)}) mismatch input_type(${spec.type})`;
    return { type: 'return_type_mismatch', message };
  }
  return { link: link.nodeId };
}

function describe(type: unknown): string {
  return typeof type === 'string' ? type : 'COMBO';
}

/** Types match when equal, when either is "*", or when unions "A,B" share a member. */
function acceptsType(spec: InputSpec, received: unknown): boolean {
  if (Array.isArray(received)) {
    return spec.choices !== null && JSON.stringify(received) === JSON.stringify(spec.choices);
  }
  if (typeof received !== 'string') return true;
  if (received === '*' || spec.type === '*') return true;
  const wanted = new Set(splitUnion(spec.type));
  return splitUnion(received).some((type) => wanted.has(type) || type === '*') || wanted.has('*');
}

function splitUnion(type: string): string[] {
  return type.split(',').map((part) => part.trim());
}
