import type { Workflow } from '@comfleet/contract';
import { type Comfleet, ComfleetError } from '@comfleet/sdk';

/** A workflow by its name, or the default one of a task type. Throws WORKFLOW_NOT_FOUND. */
export async function findWorkflow(comfleet: Comfleet, name: string, signal: AbortSignal): Promise<Workflow> {
  try {
    return await comfleet.workflows.load(name, { signal });
  } catch (error) {
    if (!(error instanceof ComfleetError) || error.code !== 'WORKFLOW_NOT_FOUND') throw error;
    const ofType = await comfleet.workflows.list({ taskType: name }, { signal });
    const workflow = ofType.find((candidate) => candidate.is_default) ?? ofType[0];
    if (workflow === undefined) throw error;
    return workflow;
  }
}
