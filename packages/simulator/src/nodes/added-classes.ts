import { isObject, type Json, type JsonObject, parseJson } from '../json/lossless-json.ts';
import { makeUpNode } from './made-up-node.ts';
import { readAllInputs } from './node-class.ts';
import type { NodeDefinition } from './node-run.ts';

/** A node class that a test adds to the server, or that replaces an existing one. */
export interface AddedClass {
  /** As in /object_info. Defaults: no inputs, no outputs, not an output node. */
  readonly info: Readonly<Record<string, unknown>>;
  /**
   * Name of the simulator's class whose code runs. Absent: the code of the class with the same name, if any; else it passes
   * inputs on, makes up the rest by type, loads models that its inputs name, and shows nothing.
   */
  readonly actsAs?: string;
}

/** A class of the server: its entry in /object_info and its code. */
export interface DescribedClass {
  readonly info: JsonObject;
  readonly definition: NodeDefinition;
  /** Choices stay as given; they are not filled with the existing files and models. */
  readonly hasOwnChoices: boolean;
}

/** Completes the entry of an added class and finds its code. Throws TypeError if `actsAs` names no class. */
export function describeAdded(
  name: string,
  added: AddedClass,
  definitions: Readonly<Record<string, NodeDefinition>>,
): DescribedClass {
  const info = completeInfo(name, added.info);
  const known = definitions[added.actsAs ?? name];
  if (known === undefined && added.actsAs !== undefined)
    throw new TypeError(`class ${name} acts as ${added.actsAs}, which the simulator does not have`);
  return {
    info,
    definition: known ?? makeUpNode(readAllInputs(info), listOutputs(info)),
    hasOwnChoices: true,
  };
}

function listOutputs(info: JsonObject): readonly string[] {
  const output = info.get('output');
  return Array.isArray(output) ? output.map(String) : [];
}

/** Keeps the key order of a real server. */
function completeInfo(name: string, given: Readonly<Record<string, unknown>>): JsonObject {
  const stated = parseJson(JSON.stringify(given));
  const own = isObject(stated) ? stated : new Map<string, Json>();
  const output = own.get('output');
  const outputs = Array.isArray(output) ? output : [];
  const input = own.get('input');
  const order: JsonObject = new Map();
  if (isObject(input))
    for (const [group, declared] of input) if (isObject(declared)) order.set(group, [...declared.keys()]);
  return new Map<string, Json>([
    ['input', new Map<string, Json>([['required', new Map()]])],
    ['input_order', order],
    ['output', outputs],
    ['output_is_list', outputs.map(() => false)],
    ['output_name', outputs],
    ['name', name],
    ['display_name', name],
    ['description', ''],
    ['python_module', 'custom_nodes.added'],
    ['category', 'added'],
    ['output_node', false],
    ...own,
  ]);
}
