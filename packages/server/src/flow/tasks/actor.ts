import type { PrincipalId } from '@comfleet/contract';

/** Who asks, as flow sees it. People's principals fit this shape; flow never learns more about them. */
export interface Actor {
  readonly id: PrincipalId;
  readonly name: string;
  readonly grants: readonly string[];
}

/** Whose rows an actor may see: its own, or all of them. Built in people/, injected in app.ts. */
export type OwnerFilter = { readonly kind: 'own'; readonly ownerId: PrincipalId } | { readonly kind: 'all' };

/** Ownership as part of every query; see people/identity. */
export type VisibleTo = (actor: Actor) => OwnerFilter;
