import { isRecord } from '../json/records.ts';

/** GET /object_info: class name → description (protocol 8.1). */
export type ObjectInfo = Record<string, NodeInfo>;

/** What a server reports about one class of graph nodes; unknown keys pass through. */
export interface NodeInfo {
  input?: {
    required?: Record<string, unknown> | null;
    optional?: Record<string, unknown> | null;
    hidden?: Record<string, unknown> | null;
  } | null;
  output?: unknown[] | null;
  output_name?: unknown[] | null;
  output_node?: boolean | null;
  name?: string | null;
  display_name?: string | null;
  category?: string | null;
  python_module?: string | null;
  [key: string]: unknown;
}

/** One input of a class. `choices` is null unless it is a combo. */
export interface InputSpec {
  /** As a graph writes it: with dots for inputs that another one brings (`resize_type.multiplier`). */
  name: string;
  required: boolean;
  type: string;
  choices: unknown[] | null;
  /** True for the old form of a combo, whose type is the list itself. V3 combos are of type COMBO. */
  isList: boolean;
  /** True for inputs that a dynamic one brings. */
  isGrown?: true;
  options: Record<string, unknown>;
}

/** The description of a class, or undefined; ignores inherited properties. */
export function findNodeInfo(objectInfo: ObjectInfo, classType: string): NodeInfo | undefined {
  return Object.hasOwn(objectInfo, classType) ? objectInfo[classType] : undefined;
}

/** Required and optional inputs of a class; the server fills hidden ones. */
export function readInputSpecs(info: NodeInfo): InputSpec[] {
  return [...readGroup(info.input?.required, true), ...readGroup(info.input?.optional, false)];
}

function readGroup(group: Record<string, unknown> | null | undefined, required: boolean): InputSpec[] {
  return isRecord(group)
    ? Object.entries(group).map(([name, spec]) => readSpec(name, spec, { required }))
    : [];
}

/** Reads one input as /object_info writes it: `[type, options]`, or `[choices, options]` for the old form of a combo. */
export function readSpec(name: string, spec: unknown, { required }: { required: boolean }): InputSpec {
  const [kind, second]: unknown[] = Array.isArray(spec) ? spec : [];
  const options = isRecord(second) ? second : {};
  if (Array.isArray(kind)) return { name, required, type: 'COMBO', choices: kind, isList: true, options };
  const type = typeof kind === 'string' ? kind : '*';
  const listed = type === 'COMBO' && Array.isArray(options['options']) ? options['options'] : null;
  return { name, required, type, choices: listed, isList: false, options };
}

/** True when the input names a file that is uploaded first, so that the server's list may not have it yet. */
export function isUploadInput(spec: InputSpec): boolean {
  return Object.keys(spec.options).some((key) => key.endsWith('_upload') && spec.options[key] === true);
}
