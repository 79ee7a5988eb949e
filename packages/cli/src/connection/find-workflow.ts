import type { Workflow } from '@comfleet/contract';
import { type Comfleet, ComfleetError } from '@comfleet/sdk';
import { UnknownNameError } from './find-named.ts';

/** A workflow by its name, or the default one of a task type. Throws WORKFLOW_NOT_FOUND with the nearest name. */
export async function findWorkflow(comfleet: Comfleet, name: string, signal: AbortSignal): Promise<Workflow> {
  try {
    return await comfleet.workflows.load(name, { signal });
  } catch (error) {
    if (!(error instanceof ComfleetError) || error.code !== 'WORKFLOW_NOT_FOUND') throw error;
    const all = await comfleet.workflows.list({}, { signal });
    const ofType = all.filter((candidate) => candidate.task_type === name);
    const workflow = ofType.find((candidate) => candidate.is_default) ?? ofType[0];
    if (workflow !== undefined) return workflow;
    const names = all.flatMap((candidate) => [candidate.name, candidate.task_type]);
    throw new UnknownNameError('workflow', error.code, { requested: name, names });
  }
}
