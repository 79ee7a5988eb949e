import type { FileStore } from '../files/file-store.ts';
import { isObject, type JsonObject } from '../json/lossless-json.ts';
import { expandInputs } from '../nodes/dynamic-inputs.ts';
import type { InputSpec, NodeClass } from '../nodes/node-class.ts';
import { isSince } from '../profile.ts';
import { checkLink } from './check-link.ts';
import { checkLiteral, type NodeError } from './check-literal.ts';
import { type Checked, PythonError, type Walk } from './walk.ts';

/** Checks a node and everything it depends on (`walk.check`). Throws PythonError where Python raises. */
export function checkNode(id: string, walk: Walk): Checked {
  const known = walk.validated.get(id);
  if (known !== undefined) return known;
  if (walk.path.includes(id)) return checkCycle(id, walk);
  const node = walk.prompt.get(id);
  const className = isObject(node) ? node.get('class_type') : undefined;
  const found = typeof className === 'string' ? walk.catalog.find(className) : undefined;
  const inputs = isObject(node) ? node.get('inputs') : undefined;
  if (found === undefined) throw new PythonError('KeyError', `'${id}'`);
  if (!isObject(inputs)) throw new PythonError('KeyError', "'inputs'");
  walk.path.push(id);
  const checked = checkInputs(found, inputs, walk);
  walk.path.pop();
  const joined = joinCycle(checked, walk.validated.get(id));
  walk.validated.set(id, joined);
  return joined;
}

/** Up to 0.19 a cycle exhausts Python's stack; since 0.20.0 each of its nodes reports it. */
function checkCycle(id: string, walk: Walk): Checked {
  if (!isSince(walk.version, '0.33'))
    throw new PythonError('RecursionError', 'maximum recursion depth exceeded');
  const path = [...walk.path.slice(walk.path.indexOf(id)), id];
  const details = path.map((node) => `${node} (${classNameAt(walk.prompt, node)})`).join(' -> ');
  const nodes = [...new Set(path)];
  for (const node of nodes) {
    const extra = { node_id: node, cycle_nodes: nodes };
    const error = {
      type: 'dependency_cycle',
      message: 'Dependency cycle detected',
      details,
      extra_info: extra,
    };
    walk.validated.set(node, { valid: false, errors: [error] });
  }
  return { valid: false, errors: [] };
}

/** A cycle found upstream has already recorded its error on this node. */
function joinCycle(checked: Checked, before: Checked | undefined): Checked {
  if (before === undefined) return checked;
  return { valid: before.valid && checked.valid, errors: [...before.errors, ...checked.errors] };
}

function classNameAt(prompt: JsonObject, id: string): string {
  const node = prompt.get(id);
  return isObject(node) ? String(node.get('class_type')) : '';
}

function checkInputs(found: NodeClass, inputs: JsonObject, walk: Walk): Checked {
  const errors: NodeError[] = [];
  let upstreamIsValid = true;
  const validator = found.definition.validate;
  for (const input of expandInputs(found.inputs, inputs)) {
    const outcome = checkInput(found, input, { inputs, walk });
    if (outcome === 'upstream') upstreamIsValid = false;
    else if (outcome !== undefined) errors.push(outcome);
  }
  if (validator?.names.every((name) => inputs.has(name) && !Array.isArray(inputs.get(name)))) {
    errors.push(...runValidator(validator, inputs, walk.files));
  }
  return { valid: errors.length === 0 && upstreamIsValid, errors };
}

interface Place {
  readonly inputs: JsonObject;
  readonly walk: Walk;
}

function checkInput(
  found: NodeClass,
  input: InputSpec,
  { inputs, walk }: Place,
): NodeError | 'upstream' | undefined {
  const value = inputs.get(input.name);
  if (value === undefined) return input.isRequired ? missing(input.name) : undefined;
  if (Array.isArray(value)) return checkLink(value, input, walk);
  return checkLiteral(inputs, input, {
    choices: walk.catalog.choicesOf(found.name, input),
    isCheckedByNode: found.definition.validate?.names.includes(input.name) === true,
    namesEachWrongItem: isSince(walk.version, '0.33'),
  });
}

/** Details show only the last part of a dotted name. */
function missing(name: string): NodeError {
  return {
    type: 'required_input_missing',
    message: 'Required input is missing',
    details: name.split('.').at(-1) ?? name,
    extra_info: { input_name: name },
  };
}

function runValidator(
  validator: NonNullable<NodeClass['definition']['validate']>,
  inputs: JsonObject,
  files: FileStore,
): NodeError[] {
  const result = validator.check(inputs, files);
  if (result === true) return [];
  return validator.names.map((name) => ({
    type: 'custom_validation_failed',
    message: 'Custom validation failed for node',
    details: `${name} - ${result}`,
    extra_info: { input_name: name },
  }));
}
