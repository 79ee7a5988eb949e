import { dirname } from 'node:path';
import type { openWorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import type { Config } from './settings.ts';

/** `task_types` blocks, each with the folder of its files. */
export type WorkflowSources = Parameters<typeof openWorkflowLibrary>[2];

/** Workflows that come with the product, then those of the configuration, whose files lie beside it. */
export function listWorkflowSources(builtIn: WorkflowSources, config: Config): WorkflowSources {
  const baseFolder = config.file === null ? config.dataDir : dirname(config.file);
  return [...builtIn, { taskTypes: config.taskTypes, baseFolder }];
}
