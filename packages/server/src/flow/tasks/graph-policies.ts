import type { Graph, TimeSlice } from '@comfleet/comfyui';
import type { PrincipalId } from '@comfleet/contract';
import type { Inventory } from '../../fleet/workers/inventory/inventory.ts';

/** The administrator's rules for graphs. Created in people/, injected in app/; flow knows nothing else about them. */
export interface GraphPolicies {
  /** Returns the details of POLICY_REFUSED, with each node and the rule that refuses it; null when the graph may run. */
  check(asked: {
    ownerId: PrincipalId;
    projectId: string | null;
    /** Name of its workflow; null for a graph of the caller's own. */
    workflow: string | null;
    graph: Graph;
    /** What the workers have on which it may run, as far as known. */
    servers: readonly Inventory[];
    /** How many problems are listed. */
    maxProblems: number;
    slice: TimeSlice;
  }): Promise<Record<string, unknown> | null>;
  /** Returns which named workflows no rule refuses to a principal as such. */
  findGranted(principalId: PrincipalId): Promise<(workflow: string) => boolean>;
}
