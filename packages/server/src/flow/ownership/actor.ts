import type { Membership, PrincipalId } from '@comfleet/contract';

/** The caller as flow sees it. Principals of people/ have this shape; flow knows nothing else about them. */
export interface Actor {
  readonly id: PrincipalId;
  readonly name: string;
  readonly permissions: readonly string[];
  readonly projects: readonly Membership[];
}
