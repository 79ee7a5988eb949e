import { isRecord } from '../json/records.ts';
import { type InputSpec, type NodeInfo, readInputSpecs, readSpec } from './object-info.ts';

/**
 * A required dynamic combo whose selector matches none of its options. ComfyUI accepts neither it nor its inputs, and the call of
 * the node lacks an argument. Inside another one it is not reported: the class may do without it (SaveVideo does).
 */
export interface UnselectedCombo {
  inputName: string;
  /** False when the selector is missing, true when it names no option. */
  isGiven: boolean;
  keys: readonly string[];
}

/** The inputs of one node as ComfyUI sees them once its dynamic inputs are expanded. */
export interface ExpandedInputs {
  /** Inputs declared by the class itself. */
  fixed: readonly InputSpec[];
  /** Inputs that dynamic ones bring: the required ones, and those that the node has. */
  grown: readonly InputSpec[];
  unselected: readonly UnselectedCombo[];
  /** True when the class has dynamic inputs, whose members have dots in their names. */
  isDynamic: boolean;
}

/** Types of the inputs that bring others (comfyui 0.33, object_info). */
export const AUTOGROW = 'COMFY_AUTOGROW_V3';
export const COMBO = 'COMFY_DYNAMICCOMBO_V3';
export const SLOT = 'COMFY_DYNAMICSLOT_V3';
/** ComfyUI's own limit of names in one growing input. */
const MAX_NAMES = 100;
/** Limit of nested options; ComfyUI 0.33 nests two levels at most. */
export const MAX_DEPTH = 16;

interface ClassInputs {
  fixed: InputSpec[];
  dynamic: InputSpec[];
}

const CLASSES = new WeakMap<NodeInfo, ClassInputs>();

/** Read once: it is the same for every node of a class. */
function readClass(info: NodeInfo): ClassInputs {
  const known = CLASSES.get(info);
  if (known !== undefined) return known;
  const specs = readInputSpecs(info);
  const read = { fixed: specs.filter((spec) => !isDynamic(spec)), dynamic: specs.filter(isDynamic) };
  CLASSES.set(info, read);
  return read;
}

function isDynamic({ type }: InputSpec): boolean {
  return type === AUTOGROW || type === COMBO || type === SLOT;
}

/**
 * Expands dynamic inputs by the inputs that the node has, as ComfyUI does before its check: AUTOGROW by prefix or names (never
 * the bare name), DYNAMICCOMBO by its selector, also nested, DYNAMICSLOT if its slot is given (comfyui 0.33, object_info).
 */
export function expandInputs(info: NodeInfo, inputs: Record<string, unknown>): ExpandedInputs {
  const { fixed, dynamic } = readClass(info);
  if (dynamic.length === 0) return { fixed, grown: [], unselected: [], isDynamic: false };
  const scope: Scope = { inputs, grown: [], unselected: [] };
  for (const spec of dynamic) expand(scope, spec, 0);
  return { fixed, grown: scope.grown, unselected: scope.unselected, isDynamic: true };
}

interface Scope {
  inputs: Record<string, unknown>;
  grown: InputSpec[];
  unselected: UnselectedCombo[];
}

function expand(scope: Scope, spec: InputSpec, depth: number): void {
  if (depth > MAX_DEPTH) return;
  if (spec.type === AUTOGROW) grow(scope, spec);
  else if (spec.type === COMBO) select(scope, spec, depth);
  else if (spec.type === SLOT) fillSlot(scope, spec, depth);
  else scope.grown.push({ ...spec, isGrown: true });
}

/** The worker decides which links the slot itself accepts: no class of ComfyUI has one. */
function fillSlot(scope: Scope, spec: InputSpec, depth: number): void {
  if (!Object.hasOwn(scope.inputs, spec.name)) return;
  scope.grown.push({ ...spec, type: '*', required: false });
  for (const member of readMembers(spec.options['inputs'], spec.name)) expand(scope, member, depth + 1);
}

/** Inputs nested below another one, under their dotted names. */
export function readMembers(groups: unknown, prefix: string): InputSpec[] {
  if (!isRecord(groups)) return [];
  return ['required', 'optional'].flatMap((group) => {
    const members = groups[group];
    if (!isRecord(members)) return [];
    return Object.entries(members).map(([name, spec]) =>
      readSpec(`${prefix}.${name}`, spec, { required: group === 'required' }),
    );
  });
}

function select(scope: Scope, spec: InputSpec, depth: number): void {
  const listed = spec.options['options'];
  const options: unknown[] = Array.isArray(listed) ? listed : [];
  const given = Object.hasOwn(scope.inputs, spec.name);
  const key = given ? scope.inputs[spec.name] : undefined;
  const chosen = options.find((option) => isRecord(option) && option['key'] === key && given);
  if (isRecord(chosen)) {
    scope.grown.push({ ...spec, type: '*' });
    for (const member of readMembers(chosen['inputs'], spec.name)) expand(scope, member, depth + 1);
    return;
  }
  if (!spec.required || depth > 0) return;
  const keys = options.flatMap((option) => (isRecord(option) ? [String(option['key'])] : []));
  scope.unselected.push({ inputName: spec.name, isGiven: given, keys });
}

function grow(scope: Scope, spec: InputSpec): void {
  const { template } = spec.options;
  if (!isRecord(template)) return;
  const member = readMember(template['input']);
  if (member === null) return;
  const min = typeof template['min'] === 'number' ? template['min'] : 0;
  for (const [index, part] of listNames(template).entries()) {
    const name = `${spec.name}.${part}`;
    const required = member.required && index < min;
    if (required || Object.hasOwn(scope.inputs, name))
      scope.grown.push({ ...member, name, required, isGrown: true });
  }
}

/** The input that every member copies: the first one of the template. */
export function readMember(groups: unknown): InputSpec | null {
  if (!isRecord(groups)) return null;
  for (const [group, members] of Object.entries(groups)) {
    const first: unknown = isRecord(members) ? Object.values(members)[0] : undefined;
    if (first !== undefined) return readSpec('', first, { required: group === 'required' });
  }
  return null;
}

/** Names that members of a growing input may have, without its own name. */
export function listNames({ names, prefix, max }: Record<string, unknown>): string[] {
  if (Array.isArray(names)) return names.slice(0, MAX_NAMES).map(String);
  if (typeof prefix !== 'string' || typeof max !== 'number') return [];
  return Array.from({ length: Math.max(0, Math.min(max, MAX_NAMES)) }, (_, index) => `${prefix}${index}`);
}
