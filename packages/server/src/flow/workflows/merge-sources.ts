import { resolve } from 'node:path';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';
import type { WorkflowPlace } from './compile-workflow.ts';
import type { TaskTypeDefinition, WorkflowDefinition as WorkflowSource } from './task-types-schema.ts';

/** A task type as configured. Reserved: the name is taken, but no workflow ships with it yet. */
export interface TaskTypeSummary {
  name: string;
  enabled: boolean;
  defaultWorkflow: string | null;
  reserved: boolean;
  /** Maximum of its running tasks on all workers together; null means no limit. */
  maxConcurrentTasks: number | null;
  /** 1 … 10 for tasks that request none; null: the default. */
  priority: number | null;
}

/** A definition with its position and the absolute path of its graph. */
export interface PlacedWorkflow {
  place: WorkflowPlace;
  source: WorkflowSource;
  file: string;
  definedIn: readonly string[];
}

/** A `task_types` block and the folder for its relative paths. */
export interface WorkflowSourceSet {
  taskTypes: Readonly<Record<string, TaskTypeDefinition>>;
  baseFolder: string;
  /** The YAML files that it was read from; of two with the same key the later one counts. */
  definedIn: readonly string[];
}

/** A problem of a task type, at a path of keys in one of these files. */
export interface MergeProblem {
  definedIn: readonly string[];
  path: readonly string[];
  text: DefinitionText;
}

interface OpenType {
  enabled: boolean;
  chosen: string | null;
  maxConcurrentTasks: number | null;
  priority: number | null;
}

const NEW_TYPE: OpenType = { enabled: true, chosen: null, maxConcurrentTasks: null, priority: null };

type OpenWorkflow = Pick<PlacedWorkflow, 'source' | 'file' | 'definedIn'> & { taskType: string };

/**
 * Merges sources: of two workflows with one name the later source's wins, also under another task type; settings of a task type
 * are replaced if given. A type's only workflow is its default.
 */
export function mergeSources(sources: readonly WorkflowSourceSet[]): {
  workflows: PlacedWorkflow[];
  taskTypes: TaskTypeSummary[];
  problems: MergeProblem[];
} {
  const types = new Map<string, OpenType>();
  const workflows = new Map<string, OpenWorkflow>();
  for (const { taskTypes, baseFolder, definedIn } of sources) {
    for (const [taskType, definition] of Object.entries(taskTypes)) {
      types.set(taskType, layOver(types.get(taskType) ?? NEW_TYPE, definition));
      for (const [name, source] of Object.entries(definition.workflows)) {
        const file = resolve(baseFolder, source.workflow_file);
        workflows.set(name, { taskType, source, file, definedIn });
      }
    }
  }
  const problems: MergeProblem[] = [];
  const definedIn = sources.flatMap((source) => source.definedIn);
  const summaries = [...types].map(([name, type]): TaskTypeSummary => {
    const own = [...workflows].filter(([, workflow]) => workflow.taskType === name).map(([key]) => key);
    if (type.chosen !== null && !own.includes(type.chosen)) {
      const path = ['task_types', name, 'default_workflow'];
      const problem: DefinitionText = {
        code: 'workflow.no_such_default',
        params: { workflow: type.chosen },
      };
      const params = { parameter: path.join('.'), problem };
      problems.push({ definedIn, path, text: { code: 'parameter.problem', params } });
    }
    const only = own.length === 1 ? (own[0] ?? null) : null;
    const defaultWorkflow = type.chosen ?? only;
    const { enabled, maxConcurrentTasks, priority } = type;
    const reserved = !enabled && own.length === 0;
    return { name, enabled, defaultWorkflow, reserved, maxConcurrentTasks, priority };
  });
  const byName = new Map(summaries.map((summary) => [summary.name, summary]));
  const placed = [...workflows].map(([name, { taskType, ...open }]): PlacedWorkflow => {
    const summary = byName.get(taskType);
    const isDefault = summary?.defaultWorkflow === name;
    return { place: { name, taskType, enabled: summary?.enabled ?? true, isDefault }, ...open };
  });
  return { workflows: placed, taskTypes: summaries, problems };
}

/** A limit of null removes that of an earlier source. */
function layOver(before: OpenType, written: TaskTypeDefinition): OpenType {
  const limit = written.max_concurrent_tasks;
  return {
    enabled: written.enabled ?? before.enabled,
    chosen: written.default_workflow ?? before.chosen,
    maxConcurrentTasks: limit === undefined ? before.maxConcurrentTasks : limit,
    priority: written.priority ?? before.priority,
  };
}
