import { z } from 'zod';
import type { Findings } from '../../platform/config/settings.ts';
import type { TaskTypes } from './task-types-schema.ts';

/** For a task that requests none and whose task type sets none. 1 to 10, 10 first. */
export const DEFAULT_PRIORITY = 5;

/** In the `limits` block: limits of a submitted graph. */
export const graphLimits = {
  graph_nodes: z.int().min(1).default(10_000).describe('Maximum number of nodes of a submitted graph.'),
  graph_problems: z
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe(
      'Maximum number of problems of a submission that a response lists; it also reports their total.',
    ),
  batch_graph_bytes: z
    .int()
    .min(1024)
    .default(268_435_456)
    .describe('Largest total size of the graphs of all tasks of a batch.'),
};

/** Limits of a submitted graph. */
export interface GraphLimits {
  readonly nodes: number;
  readonly problems: number;
  readonly batchBytes: number;
}

export function compileGraphLimits(raw: z.infer<z.ZodObject<typeof graphLimits>>): GraphLimits {
  return { nodes: raw.graph_nodes, problems: raw.graph_problems, batchBytes: raw.batch_graph_bytes };
}

export function checkTaskTypes(taskTypes: TaskTypes, findings: Findings): void {
  const owners = new Map<string, string>();
  for (const [type, definition] of Object.entries(taskTypes)) {
    const chosen = definition.default_workflow;
    if (chosen !== undefined && !Object.hasOwn(definition.workflows, chosen)) {
      const path = `task_types.${type}.default_workflow`;
      findings.refuse(path, { code: 'config.no_workflow', params: { workflow: chosen } });
    }
    for (const name of Object.keys(definition.workflows)) {
      const other = owners.get(name);
      if (other !== undefined) {
        const path = `task_types.${type}.workflows.${name}`;
        findings.refuse(path, { code: 'config.workflow_twice', params: { type: other } });
      }
      owners.set(name, type);
    }
  }
}

/** Lays `upper` over `lower`: its workflows win by name, its settings if given. */
export function layTaskTypes(lower: TaskTypes, upper: TaskTypes): TaskTypes {
  const laid: TaskTypes = { ...lower };
  for (const [name, definition] of Object.entries(upper)) {
    const below = lower[name];
    laid[name] = { ...below, ...definition, workflows: { ...below?.workflows, ...definition.workflows } };
  }
  return laid;
}
