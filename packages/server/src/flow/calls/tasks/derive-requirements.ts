import type { Graph } from '@comfleet/comfyui';
import { keepAskedFor } from '../../placement/needs.ts';
import { readNeeds } from '../../placement/read-needs.ts';
import { createInputSet, type TaskRequirements } from '../../tasks/requirements.ts';
import {
  type CheckedFleet,
  checkAgainstFleet,
  type FleetAnswer,
  type KnownFleet,
  readPaidClasses,
  refuseUnknownWorkers,
} from './check-fleet.ts';

/** What is said of a task's needs beside its graph: its files, its type, the workers that it asks for. */
export type AskedNeeds = Omit<
  TaskRequirements,
  'classTypes' | 'models' | 'choices' | 'paidClasses' | 'idlePaidClasses'
>;

export interface DerivedRequirements extends FleetAnswer {
  requirements: TaskRequirements;
}

/**
 * What a bound graph needs of a worker, and what the fleet, as it is known now, makes of it. What it picks from lists stays open
 * while none of the workers that it may run on is known. Throws as `checkAgainstFleet`.
 */
export async function deriveRequirements(
  fleet: KnownFleet & CheckedFleet,
  graph: Graph,
  asked: AskedNeeds,
): Promise<DerivedRequirements> {
  refuseUnknownWorkers(fleet, asked);
  const isBound = createInputSet(asked.inputs);
  await fleet.slice.yieldIfSpent();
  const resolver = fleet.resolver();
  const lists = keepAskedFor(fleet.inventories(), asked).length > 0 ? resolver.kinds : [];
  const paid = readPaidClasses(fleet, graph);
  await fleet.slice.yieldIfSpent();
  const needs = { ...asked, ...readNeeds(graph, lists, isBound), ...paid };
  await fleet.slice.yieldIfSpent();
  const { needs: requirements } = resolver.resolve(needs);
  const { heldReason, warnings } = await checkAgainstFleet(fleet, graph, requirements);
  // A worker may have become known since files were left open: the engine's first look at what is held settles them.
  const isOpen = requirements.openChoices !== undefined;
  return { requirements, warnings, heldReason: heldReason ?? (isOpen ? 'no_worker_known' : null) };
}
