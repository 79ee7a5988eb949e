import type { FileStore } from '../files/file-store.ts';
import { isObject, type Json, type JsonObject, type Writable } from '../json/lossless-json.ts';
import { printAsPython } from '../json/python-text.ts';
import type { Catalog } from '../nodes/catalog.ts';
import type { NodeClass } from '../nodes/node-class.ts';
import { checkLiteral, describeConfig, type NodeError } from './check-literal.ts';

/** Structure Python would trip over (a node that is not an object): the server answers 500. */
export class BrokenPrompt extends Error {}

export interface PromptError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, Writable>>;
}

/** The verdict on a prompt, in the order and shape a real server reports it. */
export type Verdict =
  | { readonly ok: true; readonly outputs: readonly string[]; readonly nodeErrors: Writable }
  | { readonly ok: false; readonly error: PromptError; readonly nodeErrors: Writable };

interface Checked {
  readonly valid: boolean;
  readonly errors: readonly NodeError[];
}

interface Walk {
  readonly prompt: JsonObject;
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly validated: Map<string, Checked>;
  readonly open: Set<string>;
}

/** Validates like ComfyUI: from the output nodes upward, coercing literals in place. */
export function validatePrompt(
  prompt: JsonObject,
  scope: {
    readonly catalog: Catalog;
    readonly files: FileStore;
    readonly targets?: readonly string[];
    readonly isNew?: boolean;
  },
): Verdict {
  const outputs: string[] = [];
  for (const [id, node] of prompt) {
    const found = findClass(id, node, scope.catalog, scope.isNew === true);
    if ('error' in found) return { ok: false, error: found.error, nodeErrors: {} };
    if (found.isOutput && (scope.targets === undefined || scope.targets.includes(id))) outputs.push(id);
  }
  if (outputs.length === 0)
    return { ok: false, error: makeError('prompt_no_outputs', 'Prompt has no outputs', ''), nodeErrors: {} };
  return judgeOutputs(outputs, {
    prompt,
    catalog: scope.catalog,
    files: scope.files,
    validated: new Map(),
    open: new Set(),
  });
}

function makeError(
  type: string,
  message: string,
  details: string,
  extra: Readonly<Record<string, Writable>> = {},
): PromptError {
  return { type, message, details, extra_info: extra };
}

function findClass(
  id: string,
  node: Json,
  catalog: Catalog,
  isNew: boolean,
): NodeClass | { error: PromptError } {
  const hasClass = isObject(node) ? node.has('class_type') : hasWord(id, node);
  const className = isObject(node) ? node.get('class_type') : undefined;
  const details = `Node ID '#${id}'`;
  if (!hasClass) {
    return {
      error: makeError(
        'invalid_prompt',
        'Cannot execute because a node is missing the class_type property.',
        details,
      ),
    };
  }
  const found = typeof className === 'string' ? catalog.find(className) : undefined;
  if (found !== undefined) return found;
  const message = `Cannot execute because node ${nameClass(className)} does not exist.`;
  if (!isNew) return { error: makeError('invalid_prompt', message, details) };
  const extra = { node_id: id, class_type: String(className), node_title: String(className) };
  return {
    error: makeError(
      'missing_node_type',
      `Node '${String(className)}' not found. The custom node may not be installed.`,
      details,
      extra,
    ),
  };
}

/** Python's `'class_type' in node` for what is no object: fine for texts and lists, an error for the rest. */
function hasWord(id: string, node: Json): boolean {
  const hasIt = (typeof node === 'string' || Array.isArray(node)) && node.includes('class_type');
  if (hasIt || (typeof node !== 'string' && !Array.isArray(node)))
    throw new BrokenPrompt(`node ${id} is not an object`);
  return false;
}

function nameClass(className: Json | undefined): string {
  return printAsPython(className ?? null);
}

function judgeOutputs(outputs: readonly string[], walk: Walk): Verdict {
  const good: string[] = [];
  const failures: NodeError[] = [];
  const nodeErrors = new Map<
    string,
    { errors: Writable; dependent_outputs: string[]; class_type: Writable }
  >();
  for (const output of outputs) {
    const checked = checkOutput(output, walk);
    if (checked.valid) {
      good.push(output);
      continue;
    }
    failures.push(...checked.errors);
    for (const [id, { valid, errors }] of walk.validated) {
      if (valid || errors.length === 0) continue;
      let entry = nodeErrors.get(id);
      if (entry === undefined) {
        entry = {
          errors: errors.map((error) => ({ ...error })),
          dependent_outputs: [],
          class_type: classOf(walk.prompt, id),
        };
        nodeErrors.set(id, entry);
      }
      entry.dependent_outputs.push(output);
    }
  }
  if (good.length > 0) return { ok: true, outputs: good, nodeErrors };
  const details = failures.map((error) => `${error.message}: ${error.details}`).join('\n');
  return {
    ok: false,
    error: makeError('prompt_outputs_failed_validation', 'Prompt outputs failed validation', details),
    nodeErrors,
  };
}

function classOf(prompt: JsonObject, id: string): Writable {
  const node = prompt.get(id);
  return isObject(node) ? node.get('class_type') : null;
}

/** A Python exception inside validation: its type and text. */
class PythonError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

function checkOutput(id: string, walk: Walk): Checked {
  try {
    return checkNode(id, walk);
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const failed: Checked = {
      valid: false,
      errors: [
        {
          type: 'exception_during_validation',
          message: 'Exception when validating node',
          details: error.message,
          extra_info: { exception_type: error.type, traceback: fakeTraceback() },
        },
      ],
    };
    walk.validated.set(id, failed);
    return failed;
  }
}

function fakeTraceback(): string[] {
  return [
    '  File "/simulated/ComfyUI/execution.py", line 811, in validate_inputs\n    o_class_type = prompt[o_id][\'class_type\']\n',
  ];
}

function checkNode(id: string, walk: Walk): Checked {
  const known = walk.validated.get(id);
  if (known !== undefined) return known;
  if (walk.open.has(id)) throw new PythonError('RecursionError', 'maximum recursion depth exceeded');
  const node = walk.prompt.get(id);
  const className = isObject(node) ? node.get('class_type') : undefined;
  const found = typeof className === 'string' ? walk.catalog.find(className) : undefined;
  const inputs = isObject(node) ? node.get('inputs') : undefined;
  if (found === undefined) throw new PythonError('KeyError', `'${id}'`);
  if (!isObject(inputs)) throw new PythonError('KeyError', "'inputs'");
  walk.open.add(id);
  const checked = checkInputs(found, inputs, walk);
  walk.open.delete(id);
  walk.validated.set(id, checked);
  return checked;
}

function checkInputs(found: NodeClass, inputs: JsonObject, walk: Walk): Checked {
  const errors: NodeError[] = [];
  let upstreamIsValid = true;
  const judged = found.definition.validate;
  for (const input of found.inputs) {
    const value = inputs.get(input.name);
    if (value === undefined) {
      if (input.isRequired) {
        errors.push({
          type: 'required_input_missing',
          message: 'Required input is missing',
          details: input.name,
          extra_info: { input_name: input.name },
        });
      }
    } else if (Array.isArray(value)) {
      const linked = checkLink(value, input.name, describeConfig(input), walk);
      if (linked === 'upstream') upstreamIsValid = false;
      else if (linked !== undefined) errors.push(linked);
    } else {
      const isJudgedByNode = judged?.names.includes(input.name) === true;
      const error = checkLiteral(inputs, input, {
        choices: walk.catalog.choicesOf(found.name, input),
        isJudgedByNode,
      });
      if (error !== undefined) errors.push(error);
    }
  }
  if (judged?.names.every((name) => inputs.has(name) && !Array.isArray(inputs.get(name)))) {
    errors.push(...askNode(judged, inputs, walk.files));
  }
  return { valid: errors.length === 0 && upstreamIsValid, errors };
}

function askNode(
  judged: NonNullable<NodeClass['definition']['validate']>,
  inputs: JsonObject,
  files: FileStore,
): NodeError[] {
  const answer = judged.check(inputs, files);
  if (answer === true) return [];
  return judged.names.map((name) => ({
    type: 'custom_validation_failed',
    message: 'Custom validation failed for node',
    details: `${name} - ${answer}`,
    extra_info: { input_name: name },
  }));
}

function checkLink(
  value: readonly Json[],
  name: string,
  config: { type: Writable; pair: Writable },
  walk: Walk,
): NodeError | 'upstream' | undefined {
  if (value.length !== 2) {
    return {
      type: 'bad_linked_input',
      message: 'Bad linked input, must be a length-2 list of [node_id, slot_index]',
      details: name,
      extra_info: { input_name: name, input_config: config.pair, received_value: [...value] },
    };
  }
  const [from, slot] = value;
  const source = typeof from === 'string' ? walk.prompt.get(from) : undefined;
  if (typeof from !== 'string' || !isObject(source))
    throw new PythonError('KeyError', typeof from === 'string' ? `'${from}'` : String(from));
  const className = source.get('class_type');
  const sourceClass = typeof className === 'string' ? walk.catalog.find(className) : undefined;
  const received = sourceClass?.outputTypes[typeof slot === 'number' ? slot : -1];
  if (received === undefined) throw new PythonError('IndexError', 'tuple index out of range');
  if (!typesMeet(received, config.type)) {
    const details = `${name}, received_type(${String(received)}) mismatch input_type(${String(config.type)})`;
    return {
      type: 'return_type_mismatch',
      message: 'Return type mismatch between linked nodes',
      details,
      extra_info: {
        input_name: name,
        input_config: config.pair,
        received_type: received,
        linked_node: [...value],
      },
    };
  }
  return checkUpstream(from, { name, pair: config.pair, link: value }, walk);
}

interface Linking {
  readonly name: string;
  readonly pair: Writable;
  readonly link: readonly Json[];
}

function checkUpstream(from: string, { name, pair, link }: Linking, walk: Walk): 'upstream' | undefined {
  try {
    return checkNode(from, walk).valid ? undefined : 'upstream';
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    walk.open.delete(from);
    const extra = {
      input_name: name,
      input_config: pair,
      exception_message: error.message,
      exception_type: error.type,
      traceback: fakeTraceback(),
      linked_node: [...link],
    };
    const reason = {
      type: 'exception_during_inner_validation',
      message: 'Exception when validating inner node',
      details: error.message,
      extra_info: extra,
    };
    walk.validated.set(from, { valid: false, errors: [reason] });
    return 'upstream';
  }
}

function typesMeet(received: Json, wanted: Writable): boolean {
  if (received === '*' || wanted === '*' || received === wanted) return true;
  if (typeof received !== 'string' || typeof wanted !== 'string') return false;
  const names = new Set(wanted.split(',').map((name) => name.trim()));
  return received.split(',').some((name) => names.has(name.trim()));
}
