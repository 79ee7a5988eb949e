import type { Workflow } from '@comfleet/contract';
import { type Comfleet, ComfleetError } from '@comfleet/sdk';
import { UnknownNameError } from './find-named.ts';

/** A workflow by its name, or the default one of a task type. Throws WORKFLOW_NOT_FOUND with the nearest name. */
export async function findWorkflow(comfleet: Comfleet, wish: string, signal: AbortSignal): Promise<Workflow> {
  try {
    return await comfleet.workflows.load(wish, { signal });
  } catch (error) {
    if (!(error instanceof ComfleetError) || error.code !== 'WORKFLOW_NOT_FOUND') throw error;
    const all = await comfleet.workflows.list({}, { signal });
    const ofType = all.filter((candidate) => candidate.task_type === wish);
    const workflow = ofType.find((candidate) => candidate.is_default) ?? ofType[0];
    if (workflow !== undefined) return workflow;
    const names = all.flatMap(({ name, task_type: type }) => [name, type]);
    throw new UnknownNameError('workflow', error.code, { wish, names });
  }
}
