import { isDeepStrictEqual } from 'node:util';

export type AuditState = Readonly<Record<string, unknown>>;

/** The fields of an object that differ, before and after. What is new or gone is whole; null where nothing differs. */
export function changedFields(
  before: AuditState | null,
  after: AuditState | null,
): { before: AuditState | null; after: AuditState | null } {
  if (before === null || after === null) return { before, after };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  if (changed.length === 0) return { before: null, after: null };
  return { before: pick(before, changed), after: pick(after, changed) };
}

function pick(state: AuditState, names: readonly string[]): AuditState {
  return Object.fromEntries(names.map((name) => [name, state[name] ?? null]));
}
