import { findStandIn, type ModelOffer, type ModelParameter, type StandIn } from './model-choices.ts';
import type { WorkflowDefinition, WorkflowParameter } from './workflow-definition.ts';

/** Stand-ins for files that no worker has; computed once for each list of offers, and kept as long as the list is referenced. */
export class StandIns {
  readonly #found = new WeakMap<readonly ModelOffer[], Map<string, StandIn>>();

  find(
    workflow: Pick<WorkflowDefinition, 'graph' | 'taskType' | 'versionId'>,
    parameter: ModelParameter & Pick<WorkflowParameter, 'name'>,
    fleet: readonly ModelOffer[],
  ): StandIn {
    const found = this.#found.get(fleet) ?? new Map<string, StandIn>();
    this.#found.set(fleet, found);
    const key = `${workflow.versionId} ${parameter.name}`;
    const standIn = found.get(key) ?? findStandIn(workflow, parameter, fleet);
    found.set(key, standIn);
    return standIn;
  }
}
