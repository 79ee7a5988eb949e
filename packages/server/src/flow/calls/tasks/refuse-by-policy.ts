import type { Graph } from '@comfleet/comfyui';
import type { PrincipalId } from '@comfleet/contract';
import { AppError } from '../../../platform/errors/app-error.ts';
import { filterByConstraints } from '../../placement/needs.ts';
import type { GraphPolicies } from '../../tasks/graph-policies.ts';
import type { CheckedFleet, Constraints } from './check-fleet.ts';

/** Whose graph it is; a graph of the caller's own has no workflow. */
export interface GraphOwner {
  ownerId: PrincipalId;
  projectId: string | null;
  workflow: string | null;
}

/** Throws POLICY_REFUSED, per node, when a rule of the administrator refuses a graph to its owner. */
export async function refuseByPolicy(
  fleet: CheckedFleet & { policies: GraphPolicies },
  graph: Graph,
  { owner, constraints }: { owner: GraphOwner; constraints: Constraints },
): Promise<void> {
  const { policies, inventories, maxProblems, slice } = fleet;
  await slice.yieldIfSpent();
  const servers = filterByConstraints(inventories(), constraints).map(({ inventory }) => inventory);
  const refused = await policies.check({ ...owner, graph, servers, maxProblems, slice });
  if (refused) throw new AppError('POLICY_REFUSED', refused);
}
