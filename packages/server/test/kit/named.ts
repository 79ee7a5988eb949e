import type { Id, IdKind } from '@comfleet/contract';

/** A readable id for a test, of the kind that its context requires. */
export function named<K extends IdKind>(text: string): Id<K> {
  return text as Id<K>;
}
