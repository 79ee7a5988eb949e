import type { Validation, Workflow } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Engine } from '../../engine/engine.ts';
import { bindParameters } from '../../workflows/bind-parameters.ts';
import type { WorkflowLibrary } from '../../workflows/workflow-library.ts';
import type { WorkflowTables } from '../../workflows/workflow-tables.ts';
import { viewWorkflow } from './workflow-availability.ts';
import { storeWorkflowVersions } from './workflow-versions.ts';

/** What holds for tasks of a type now. */
export interface TypeSettings {
  priority: number;
  /** On all workers together; null means no limit. */
  maxConcurrent: number | null;
}

/** What doors may do with named workflows. Throws WORKFLOW_NOT_FOUND. */
export interface WorkflowCalls {
  list(taskType?: string): Promise<Workflow[]>;
  load(name: string): Promise<Workflow>;
  validate(name: string, parameters: Record<string, unknown>): Promise<Validation>;
  reload(): Promise<{ workflows: number; errors: string[] }>;
  typeSettings(taskType: string): TypeSettings;
}

export interface WorkflowCallsDeps {
  database: Database<WorkflowTables>;
  library: WorkflowLibrary;
  fleet: Pick<WorkerRegistry, 'list'>;
  engine: Pick<Engine, 'settingsChanged'>;
  drawSeed: () => string;
  typeSettings: (taskType: string) => TypeSettings;
}

export function createWorkflowCalls(deps: WorkflowCallsDeps): WorkflowCalls {
  const { database, library, fleet, engine, drawSeed } = deps;
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
      const bound = bindParameters(workflow, parameters, { drawSeed });
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
      await storeWorkflowVersions(database, library.list());
      await engine.settingsChanged();
      return outcome;
    },
    typeSettings: deps.typeSettings,
  };
}
