import { isLosslessNumber } from '../json/lossless-number.ts';
import { acceptsType, describeType } from './accepts-type.ts';
import {
  type ComfyuiRules,
  checksTypesItself,
  checksValueItself,
  isCoreModule,
  takesAnyName,
} from './comfyui-rules.ts';
import { type ExpandedInputs, expandInputs } from './expand-inputs.ts';
import { findGraphNode, type Graph, type GraphNode, readLink } from './graph.ts';
import type { Certainty, ClassifiedProblem } from './graph-verdict.ts';
import {
  findNodeInfo,
  type InputSpec,
  isUploadInput,
  type NodeInfo,
  type ObjectInfo,
} from './object-info.ts';
import { isFileInput } from './requirements.ts';
import { checkValue } from './validate-value.ts';

/** What one node is checked against. */
export interface GraphScope {
  graph: Graph;
  objectInfo: ObjectInfo;
  rules: ComfyuiRules;
  /** True for inputs whose value is replaced before the graph is sent. */
  isSupplied: (nodeId: string, inputName: string) => boolean;
}

/** Problems of one node by itself, and the nodes that ComfyUI checks next: those its declared inputs link to. */
export interface NodeFindings {
  problems: ClassifiedProblem[];
  links: string[];
}

interface NodeScope {
  graphScope: GraphScope;
  nodeId: string;
  node: GraphNode;
  isCore: boolean;
}

/** The result of checking one input. */
interface Finding {
  type: string;
  message: string;
  certainty: Certainty;
}

/** Checks the inputs of one node as ComfyUI's validation and its call of the node would. The class must be known. */
export function checkNode(scope: GraphScope, nodeId: string): NodeFindings {
  const findings: NodeFindings = { problems: [], links: [] };
  const node = findGraphNode(scope.graph, nodeId);
  const info = node && findNodeInfo(scope.objectInfo, node.class_type);
  if (node === undefined || info === undefined) return findings;
  const own: NodeScope = { graphScope: scope, nodeId, node, isCore: isCoreModule(info.python_module) };
  const expanded = expandInputs(info, node.inputs);
  for (const spec of expanded.fixed) checkInput(own, spec, findings);
  for (const spec of expanded.grown) checkInput(own, spec, findings);
  if (expanded.isDynamic) checkDynamic(own, expanded, findings);
  return findings;
}

function checkInput(scope: NodeScope, spec: InputSpec, findings: NodeFindings): void {
  const { name } = spec;
  const isGiven = Object.hasOwn(scope.node.inputs, name);
  const value = isGiven ? scope.node.inputs[name] : undefined;
  const found = isGiven ? checkGiven(scope, spec, value) : checkMissing(scope, spec);
  if (found !== null)
    findings.problems.push({ nodeId: scope.nodeId, inputName: name, effect: 'removes_outputs', ...found });
  // ComfyUI does not follow a link that it refuses.
  if (!Array.isArray(value) || value.length !== 2 || found?.certainty === 'certain') return;
  const [sourceId]: unknown[] = value;
  if (typeof sourceId === 'string') findings.links.push(sourceId);
}

/** Only a custom class itself knows whether it works without an input that a dynamic one brings. */
function checkMissing({ isCore }: NodeScope, { name, required, isGrown }: InputSpec): Finding | null {
  if (!required) return null;
  const message = `Required input is missing: ${name}`;
  return { type: 'required_input_missing', message, certainty: isGrown && !isCore ? 'doubtful' : 'certain' };
}

function checkGiven(scope: NodeScope, spec: InputSpec, value: unknown): Finding | null {
  const { node, nodeId, isCore, graphScope } = scope;
  if (Array.isArray(value)) return checkLink(scope, spec, value);
  if (graphScope.isSupplied(nodeId, spec.name) || isFilled(spec, node.class_type)) return null;
  const found = checkValue(value, spec, {
    rules: graphScope.rules,
    onlyType: isCore && checksValueItself(node.class_type, spec.name),
  });
  if (found === null) return null;
  const certainty = isCore && !found.isDoubtful ? 'certain' : 'doubtful';
  return { type: found.type, message: found.message, certainty };
}

/** True for inputs whose choices change with uploads or come from another address. */
function isFilled(spec: InputSpec, classType: string): boolean {
  return isUploadInput(spec) || isFileInput(classType, spec.name) || spec.options['remote'] !== undefined;
}

/** Links to absent nodes and unknown classes concern the whole graph and are found separately. */
function checkLink(scope: NodeScope, spec: InputSpec, value: readonly unknown[]): Finding | null {
  if (value.length !== 2) {
    const message = `Bad linked input, must be a length-2 list of [node_id, slot_index]: ${spec.name}`;
    return { type: 'bad_linked_input', message, certainty: 'certain' };
  }
  const [sourceId, slot]: readonly unknown[] = value;
  const source = typeof sourceId === 'string' ? findGraphNode(scope.graphScope.graph, sourceId) : undefined;
  if (source === undefined) {
    // A KeyError or TypeError, which ComfyUI reports as an exception.
    const message = `Input ${spec.name} links to a node that is not in the graph`;
    return readLink(value) ? null : { type: 'exception_during_validation', message, certainty: 'certain' };
  }
  const info = findNodeInfo(scope.graphScope.objectInfo, source.class_type);
  return info === undefined ? null : checkSlot(scope, spec, { slot, info });
}

function checkSlot(
  scope: NodeScope,
  spec: InputSpec,
  { slot, info }: { slot: unknown; info: NodeInfo },
): Finding | null {
  const outputs = info.output ?? [];
  const index = readSlot(slot);
  const certainty = scope.isCore && isCoreModule(info.python_module) ? 'certain' : 'doubtful';
  // Python counts negative indexes from the end.
  if (index !== null && index < outputs.length && index >= -outputs.length)
    return checkType(scope, spec, { received: outputs.at(index), certainty });
  const message = `Input ${spec.name} links to output ${index ?? 'without a number'} of a node that has ${outputs.length}`;
  // A custom class may return outputs that its list does not declare; no class returns one without a number.
  return { type: 'exception_during_validation', message, certainty: index === null ? 'certain' : certainty };
}

function checkType(
  { isCore, node }: NodeScope,
  spec: InputSpec,
  { received, certainty }: { received: unknown; certainty: Certainty },
): Finding | null {
  if (acceptsType(spec, received) || (isCore && checksTypesItself(node.class_type))) return null;
  const message = `Return type mismatch between linked nodes: ${spec.name}, received_type(${describeType(received)}) mismatch input_type(${spec.type})`;
  return { type: 'return_type_mismatch', message, certainty };
}

/** Reads an index into a Python tuple: whole numbers (negative ones count from the end) and booleans; null for anything else. */
function readSlot(slot: unknown): number | null {
  if (typeof slot === 'boolean') return slot ? 1 : 0;
  if (isLosslessNumber(slot)) return /^-?\d+$/.test(slot.value) ? Number(slot.value) : null;
  return typeof slot === 'number' && Number.isInteger(slot) ? slot : null;
}

/** Finds what ComfyUI's validation accepts and the call of the node then fails on. */
function checkDynamic(
  { node, nodeId, isCore }: NodeScope,
  { fixed, grown, unselected }: ExpandedInputs,
  { problems }: NodeFindings,
): void {
  for (const { inputName, isGiven, keys } of unselected) {
    const shown = keys.slice(0, 20).join(', ').slice(0, 400);
    const type = isGiven ? 'value_not_in_list' : 'required_input_missing';
    const message = isGiven
      ? `Value not in list: ${inputName} is none of ${shown}`
      : `Required input is missing: ${inputName}, one of ${shown}`;
    const certainty = isCore ? 'certain' : 'doubtful';
    problems.push({ nodeId, inputName, type, message, certainty, effect: 'fails_run' });
  }
  if (!isCore || takesAnyName(node.class_type)) return;
  const declared = new Set([...fixed, ...grown].map(({ name }) => name));
  for (const [inputName, value] of Object.entries(node.inputs)) {
    // An undeclared literal is dropped; a link is passed to the node.
    if (!inputName.includes('.') || declared.has(inputName) || readLink(value) === null) continue;
    const message = `${node.class_type} takes no input ${inputName.slice(0, 200)}`;
    const certainty = 'certain';
    problems.push({ nodeId, inputName, type: 'unknown_input', message, certainty, effect: 'fails_run' });
  }
}
