import { isObject, type Json, type JsonObject, writeJson } from '../json/lossless-json.ts';
import type { NodeDefinition } from './node-run.ts';

/** One declared input of a class: its type or list of choices, and its options. */
export interface InputSpec {
  readonly name: string;
  readonly isRequired: boolean;
  /** A type name, or the choices of a combo. */
  readonly type: string | readonly Json[];
  readonly options: JsonObject;
}

/** A node class with what validation and execution need. */
export interface NodeClass {
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  readonly outputTypes: readonly Json[];
  readonly isOutput: boolean;
  /** `api_node`: each execution costs its caller money and is recorded in the ledger. */
  readonly isPaid: boolean;
  /** Shows a result although it is not an output node. */
  readonly hasIntermediateOutput: boolean;
  readonly usesUniqueId: boolean;
  readonly definition: NodeDefinition;
}

/** Reads an entry of /object_info. Missing parts count as empty. */
export function readNodeClass(name: string, info: JsonObject, definition: NodeDefinition): NodeClass {
  const input = info.get('input');
  const hidden = isObject(input) ? input.get('hidden') : undefined;
  const output = info.get('output');
  return {
    name,
    inputs: readAllInputs(info),
    outputTypes: Array.isArray(output) ? output : [],
    isOutput: info.get('output_node') === true,
    isPaid: info.get('api_node') === true,
    hasIntermediateOutput: info.get('has_intermediate_output') === true,
    usesUniqueId:
      isObject(hidden) && [...hidden.values()].some((kind) => writeJson(kind).includes('UNIQUE_ID')),
    definition,
  };
}

/** All declared inputs of an entry of /object_info, required ones first. */
export function readAllInputs(info: JsonObject): readonly InputSpec[] {
  const input = info.get('input');
  return [...readInputs(input, 'required'), ...readInputs(input, 'optional')];
}

/** The inputs of one group of a declaration, in its order. */
export function readInputs(input: Json | undefined, group: 'required' | 'optional'): InputSpec[] {
  const declared = isObject(input) ? input.get(group) : undefined;
  if (!isObject(declared)) return [];
  return [...declared].map(([name, spec]) => {
    const [type, options] = Array.isArray(spec) ? spec : [];
    return {
      name,
      isRequired: group === 'required',
      type: typeof type === 'string' || Array.isArray(type) ? type : '*',
      options: isObject(options) ? options : new Map(),
    };
  });
}
