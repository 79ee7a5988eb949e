import { isObject, type Json, type Writable } from '../json/lossless-json.ts';
import type { InputSpec } from '../nodes/node-class.ts';
import { isSince, type VersionProfile } from '../profile.ts';
import { describeConfig, type NodeError } from './check-literal.ts';
import { fakeTraceback, PythonError, type Walk } from './walk.ts';

const ANY = '*';
const MATCH = 'COMFY_MATCHTYPE_V3';

/** Checks a linked input and the node it comes from. `upstream`: the error is recorded on that node. */
export function checkLink(
  value: readonly Json[],
  input: InputSpec,
  walk: Walk,
): NodeError | 'upstream' | undefined {
  const { name } = input;
  const { type, pair } = describeConfig(input);
  if (value.length !== 2) {
    return {
      type: 'bad_linked_input',
      message: 'Bad linked input, must be a length-2 list of [node_id, slot_index]',
      details: name,
      extra_info: { input_name: name, input_config: pair, received_value: [...value] },
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
  if (!typesMeet(received, type, walk.version)) {
    return {
      type: 'return_type_mismatch',
      message: 'Return type mismatch between linked nodes',
      details: `${name}, received_type(${String(received)}) mismatch input_type(${String(type)})`,
      extra_info: {
        input_name: name,
        input_config: pair,
        received_type: received,
        linked_node: [...value],
      },
    };
  }
  return checkUpstream(from, { name, pair, link: value }, walk);
}

interface Linking {
  readonly name: string;
  readonly pair: Writable;
  readonly link: readonly Json[];
}

function checkUpstream(from: string, { name, pair, link }: Linking, walk: Walk): 'upstream' | undefined {
  const depth = walk.path.length;
  try {
    return walk.check(from, walk).valid ? undefined : 'upstream';
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    walk.path.splice(depth);
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

/** Types are comma-separated lists that must share a name; since 0.33 match types fit everything, and `*` may be in a list. */
function typesMeet(received: Json, wanted: Writable, version: VersionProfile): boolean {
  if (received === ANY || wanted === ANY || received === wanted) return true;
  const isLoose = isSince(version, '0.33');
  if (isLoose && meetsLoosely(received, wanted)) return true;
  if (typeof received !== 'string' || typeof wanted !== 'string') return false;
  const [given, names] = [splitNames(received), splitNames(wanted)];
  if (isLoose && (names.includes(ANY) || given.includes(ANY))) return true;
  return given.some((name) => names.includes(name));
}

function meetsLoosely(received: Json, wanted: Writable): boolean {
  return received === MATCH || wanted === MATCH || (Array.isArray(received) && wanted === 'COMBO');
}

function splitNames(types: string): string[] {
  return types.split(',').map((name) => name.trim());
}
