import type { Workflow } from '@comfleet/contract';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Flow } from '../../flow.ts';
import type { Stages } from '../../stages.ts';
import { bindParameters } from '../../workflows/bind-parameters.ts';
import { drawSeed } from '../tasks/draw-seed.ts';
import { viewWorkflow } from './workflow-availability.ts';
import { storeWorkflowVersions } from './workflow-versions.ts';

/** What doors may do with named workflows. */
export function createWorkflowCalls(stages: Stages): Flow['workflows'] {
  const { library, fleet } = stages;
  const view = (name: string): Workflow => {
    const workflow = library.find(name);
    if (!workflow) throw new AppError('WORKFLOW_NOT_FOUND', { workflow_name: name });
    return viewWorkflow(workflow, fleet.list());
  };
  return {
    list: async (taskType) => library.list(taskType).map((workflow) => viewWorkflow(workflow, fleet.list())),
    load: async (name) => view(name),
    validate: async (name, parameters) => {
      const workflow = library.find(name);
      if (!workflow) throw new AppError('WORKFLOW_NOT_FOUND', { workflow_name: name });
      const bound = bindParameters(workflow, parameters, {
        drawSeed: () => drawSeed(stages.random.bytes(7)),
      });
      const errors = bound.ok ? [] : bound.problems;
      return {
        valid: bound.ok,
        errors,
        warnings: bound.warnings,
        processed: bound.ok ? bound.parameters : {},
      };
    },
    reload: async () => {
      const outcome = await library.reload();
      await storeWorkflowVersions(stages.database, library.list());
      stages.spine.place();
      return outcome;
    },
    typeSettings: (taskType) => ({
      priority: stages.options.priority(taskType),
      maxConcurrent: stages.options.taskTypeLimit(taskType),
    }),
  };
}
