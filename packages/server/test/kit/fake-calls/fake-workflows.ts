import type { WorkflowCalls } from '../../../src/flow/calls/workflows/workflow-calls.ts';
import { AppError } from '../../../src/platform/errors/app-error.ts';
import type { FakeOwner } from './fake-owner.ts';
import { sampleWorkflow } from './samples.ts';

/** One workflow. */
export function createFakeWorkflows(owner: FakeOwner): WorkflowCalls {
  return {
    list: async () => [sampleWorkflow()],
    load: async (_actor, name) => {
      if (name !== 'image_to_video_basic') throw new AppError('WORKFLOW_NOT_FOUND');
      return sampleWorkflow();
    },
    validate: async (_actor, _name, parameters) => {
      owner.calls.push(['validate', parameters]);
      return { valid: true, errors: [], warnings: [], processed: {} };
    },
    problems: () => [],
    reload: async () => ({ workflows: 1, problems: [] }),
    typeSettings: () => ({ priority: 7, maxConcurrent: 3 }),
  };
}
