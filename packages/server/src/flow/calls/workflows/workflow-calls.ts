import type { DefinitionProblem, Validation, Workflow } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Actor } from '../../ownership/actor.ts';
import type { GraphPolicies } from '../../tasks/graph-policies.ts';
import { bindParameters } from '../../workflows/bind-parameters.ts';
import { fillGraph } from '../../workflows/fill-graph.ts';
import { listModelChoices, type ModelOffer } from '../../workflows/model-choices.ts';
import type { StandIns } from '../../workflows/stand-ins.ts';
import type { WorkflowDefinition } from '../../workflows/workflow-definition.ts';
import type { LoadOutcome, WorkflowLibrary } from '../../workflows/workflow-library.ts';
import type { WorkflowTables } from '../../workflows/workflow-tables.ts';
import { toWorkflowView } from '../../workflows/workflow-view.ts';
import { deriveAvailability } from './workflow-availability.ts';
import { storeWorkflowVersions } from './workflow-versions.ts';

/** Current settings for tasks of a type. */
export interface TypeSettings {
  priority: number;
  /** Maximum on all workers together; null means no limit. */
  maxConcurrent: number | null;
}

/** What doors may do with named workflows. One that the rules do not grant to the actor looks unknown: WORKFLOW_NOT_FOUND. */
export interface WorkflowCalls {
  list(actor: Actor, taskType?: string): Promise<Workflow[]>;
  load(actor: Actor, name: string): Promise<Workflow>;
  validate(actor: Actor, name: string, parameters: Record<string, unknown>): Promise<Validation>;
  /** What was refused in the workflows' files at the last load. */
  problems(): readonly DefinitionProblem[];
  reload(): Promise<LoadOutcome>;
  typeSettings(taskType: string): TypeSettings;
}

export interface WorkflowCallsDeps {
  database: Database<WorkflowTables>;
  library: WorkflowLibrary;
  fleet: Pick<WorkerRegistry, 'list'>;
  engine: Pick<Engine, 'settingsChanged'>;
  /** The known offers of the fleet. */
  inventories: () => readonly ModelOffer[];
  standIns: StandIns;
  drawSeed: () => string;
  typeSettings: (taskType: string) => TypeSettings;
  policies: Pick<GraphPolicies, 'findGranted'>;
}

export function createWorkflowCalls(deps: WorkflowCallsDeps): WorkflowCalls {
  const { database, library, fleet, engine, drawSeed, inventories, standIns, policies } = deps;
  const find = async (actor: Actor, name: string): Promise<WorkflowDefinition> => {
    const isGranted = await policies.findGranted(actor.id);
    const workflow = library.find(name);
    if (!workflow || !isGranted(name)) throw new AppError('WORKFLOW_NOT_FOUND', { workflow_name: name });
    return workflow;
  };
  /** With these values, and with stand-ins for files that no worker has. */
  const check = (workflow: WorkflowDefinition, values: Record<string, unknown>) => {
    const graph = fillGraph(workflow, values, (parameter) =>
      standIns.find(workflow, parameter, inventories()),
    );
    return deriveAvailability({ ...workflow, graph }, fleet.list());
  };
  const view = (workflow: WorkflowDefinition): Workflow =>
    toWorkflowView(workflow, check(workflow, {}), {
      choices: (parameter) => listModelChoices(workflow, parameter, inventories()),
      findStandIn: (parameter) => standIns.find(workflow, parameter, inventories()),
    });
  return {
    list: async (actor, taskType) => {
      const isGranted = await policies.findGranted(actor.id);
      const granted = library.list(taskType).filter(({ name }) => isGranted(name));
      return granted.map(view);
    },
    load: async (actor, name) => view(await find(actor, name)),
    validate: async (actor, name, parameters) => {
      const workflow = await find(actor, name);
      const bound = bindParameters(workflow, parameters, {
        drawSeed,
        findStandIn: (parameter) => standIns.find(workflow, parameter, inventories()),
      });
      const errors = bound.ok ? [] : bound.problems;
      return {
        valid: bound.ok,
        errors,
        warnings: bound.warnings,
        processed: bound.ok ? bound.parameters : {},
        ...check(workflow, parameters),
      };
    },
    problems: () => library.problems(),
    reload: async () => {
      const outcome = await library.reload();
      await storeWorkflowVersions(database, library.list());
      await engine.settingsChanged();
      return outcome;
    },
    typeSettings: deps.typeSettings,
  };
}
