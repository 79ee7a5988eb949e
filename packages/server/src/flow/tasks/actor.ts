import type { PrincipalId } from '@comfleet/contract';

/** The caller as flow sees it. Principals of people/ have this shape; flow knows nothing else about them. */
export interface Actor {
  readonly id: PrincipalId;
  readonly name: string;
  readonly permissions: readonly string[];
}

/** Whose rows an actor may see: its own, or all. Created in people/, injected in app.ts. */
export type OwnerFilter = { readonly kind: 'own'; readonly ownerId: PrincipalId } | { readonly kind: 'all' };

/** Makes ownership part of every query; see people/identity. */
export type VisibleTo = (actor: Actor) => OwnerFilter;
