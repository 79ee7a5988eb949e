import type { Id, IdKind } from '@comfleet/contract';

/** A readable id for a test, of whatever kind is wanted where it stands. */
export function named<K extends IdKind>(text: string): Id<K> {
  return text as Id<K>;
}
