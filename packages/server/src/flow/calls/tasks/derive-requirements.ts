import type { Graph } from '@comfleet/comfyui';
import { filterByConstraints } from '../../placement/needs.ts';
import { readNeeds } from '../../placement/read-needs.ts';
import { createInputSet, type TaskRequirements } from '../../tasks/requirements.ts';
import {
  type CheckedFleet,
  checkAgainstFleet,
  type FleetCheck,
  type KnownFleet,
  readPaidClasses,
  refuseUnknownWorkers,
} from './check-fleet.ts';

/** Needs of a task besides its graph: files, type, constraints on workers. */
export type RequestedNeeds = Omit<
  TaskRequirements,
  'classTypes' | 'models' | 'choices' | 'paidClasses' | 'idlePaidClasses'
>;

export interface DerivedRequirements extends FleetCheck {
  requirements: TaskRequirements;
}

/**
 * Derives the requirements of a bound graph, and checks them against the known fleet. Choices stay open while no worker is known that
 * it may run on. Throws as `checkAgainstFleet`.
 */
export async function deriveRequirements(
  fleet: KnownFleet & CheckedFleet,
  graph: Graph,
  requested: RequestedNeeds,
): Promise<DerivedRequirements> {
  refuseUnknownWorkers(fleet, requested);
  const isBound = createInputSet(requested.inputs);
  await fleet.slice.yieldIfSpent();
  const resolver = fleet.resolver();
  const lists = filterByConstraints(fleet.inventories(), requested).length > 0 ? resolver.kinds : [];
  const paid = readPaidClasses(fleet, graph);
  await fleet.slice.yieldIfSpent();
  const needs = { ...requested, ...readNeeds(graph, lists, isBound), ...paid };
  await fleet.slice.yieldIfSpent();
  const { needs: requirements } = resolver.resolve(needs);
  const { heldReason, warnings } = await checkAgainstFleet(fleet, graph, requirements);
  // A worker may have become known since files were left open: the engine's first review of held tasks decides them.
  const isOpen = requirements.openChoices !== undefined;
  return { requirements, warnings, heldReason: heldReason ?? (isOpen ? 'no_worker_known' : null) };
}
