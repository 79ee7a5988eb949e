import { resolve } from 'node:path';
import type {
  TaskTypeDefinition,
  WorkflowDefinition as WorkflowSource,
} from '../../platform/config/task-types-schema.ts';
import type { WorkflowPlace } from './compile-workflow.ts';

/** A task type as the configuration has it. Reserved: the name is taken, no workflow comes with it yet. */
export interface TaskTypeSummary {
  name: string;
  enabled: boolean;
  defaultWorkflow: string | null;
  reserved: boolean;
}

/** A definition with its place and the absolute path of its graph. */
export interface PlacedWorkflow {
  place: WorkflowPlace;
  source: WorkflowSource;
  file: string;
}

/** A `task_types` block and the folder its relative paths start from. */
export interface WorkflowSourceSet {
  taskTypes: Readonly<Record<string, TaskTypeDefinition>>;
  baseFolder: string;
}

interface OpenType {
  enabled: boolean;
  chosen: string | null;
}

interface OpenWorkflow {
  taskType: string;
  source: WorkflowSource;
  file: string;
}

/**
 * Lays sources over each other: of two workflows of one name the later source's wins, also under another task type;
 * `enabled` and `default_workflow` of a task type are replaced where written. A type's only workflow is its default.
 */
export function mergeSources(sources: readonly WorkflowSourceSet[]): {
  workflows: PlacedWorkflow[];
  taskTypes: TaskTypeSummary[];
  problems: string[];
} {
  const types = new Map<string, OpenType>();
  const workflows = new Map<string, OpenWorkflow>();
  for (const { taskTypes, baseFolder } of sources) {
    for (const [taskType, definition] of Object.entries(taskTypes)) {
      const before = types.get(taskType) ?? { enabled: true, chosen: null };
      types.set(taskType, {
        enabled: definition.enabled ?? before.enabled,
        chosen: definition.default_workflow ?? before.chosen,
      });
      for (const [name, source] of Object.entries(definition.workflows)) {
        workflows.set(name, { taskType, source, file: resolve(baseFolder, source.workflow_file) });
      }
    }
  }
  const problems: string[] = [];
  const summaries = [...types].map(([name, type]): TaskTypeSummary => {
    const own = [...workflows].filter(([, workflow]) => workflow.taskType === name).map(([key]) => key);
    if (type.chosen !== null && !own.includes(type.chosen)) {
      problems.push(`task_types.${name}.default_workflow: it has no workflow "${type.chosen}"`);
    }
    const only = own.length === 1 ? (own[0] ?? null) : null;
    const defaultWorkflow = type.chosen ?? only;
    return { name, enabled: type.enabled, defaultWorkflow, reserved: !type.enabled && own.length === 0 };
  });
  const byName = new Map(summaries.map((summary) => [summary.name, summary]));
  const placed = [...workflows].map(([name, { taskType, source, file }]): PlacedWorkflow => {
    const summary = byName.get(taskType);
    const isDefault = summary?.defaultWorkflow === name;
    return { place: { name, taskType, enabled: summary?.enabled ?? true, isDefault }, source, file };
  });
  return { workflows: placed, taskTypes: summaries, problems };
}
