import { isRecord } from '../json/records.ts';
import { AUTOGROW, COMBO, listNames, MAX_DEPTH, readMember, readMembers, SLOT } from './expand-inputs.ts';
import { type InputSpec, isUploadInput, type NodeInfo, readInputSpecs } from './object-info.ts';

/**
 * The lists that a class itself provides, by the input names used in a graph, including members of dynamic inputs, whatever a
 * node selects. A name that several options bring gets the values of all of them. Lists of uploaded files and lists that another
 * address fills are left out.
 */
export function readLists(info: NodeInfo): ReadonlyMap<string, readonly unknown[]> {
  const lists = new Map<string, unknown[] | null>();
  for (const spec of readInputSpecs(info).flatMap((own) => listMembers(own, 0))) {
    const known = lists.get(spec.name);
    const own = isFilled(spec) ? null : spec.choices;
    lists.set(spec.name, known === undefined ? own : known && own && [...known, ...own]);
  }
  return new Map([...lists].flatMap(([name, values]) => (values === null ? [] : [[name, values] as const])));
}

function isFilled(spec: InputSpec): boolean {
  return isUploadInput(spec) || isRecord(spec.options['remote']);
}

/** The input itself, if it occurs in a graph, and those that it may bring. */
function listMembers(spec: InputSpec, depth: number): InputSpec[] {
  if (depth > MAX_DEPTH) return [];
  const below = (groups: unknown) =>
    readMembers(groups, spec.name).flatMap((member) => listMembers(member, depth + 1));
  if (spec.type === SLOT) return [spec, ...below(spec.options['inputs'])];
  if (spec.type === AUTOGROW) return listGrown(spec);
  if (spec.type !== COMBO) return [spec];
  const listed = spec.options['options'];
  const options = Array.isArray(listed) ? listed.filter(isRecord) : [];
  const keys = options.map((option) => option['key']);
  return [{ ...spec, choices: keys }, ...options.flatMap((option) => below(option['inputs']))];
}

function listGrown({ name, options: { template } }: InputSpec): InputSpec[] {
  const member = isRecord(template) ? readMember(template['input']) : null;
  if (!isRecord(template) || member?.choices == null) return [];
  return listNames(template).map((part) => ({ ...member, name: `${name}.${part}` }));
}
