import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DefinitionProblem } from '@comfleet/contract';
import { openWorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import { Scope } from '../platform/lifecycle/scope.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { systemClock } from '../platform/time/clock.ts';
import { type Config, parseTaskTypes } from './settings.ts';

/** `task_types` blocks, each with the folder of its files. */
export type WorkflowSources = Parameters<typeof openWorkflowLibrary>[2];

const SHIPPED = fileURLToPath(new URL('../../../../examples/workflows/workflows.yaml', import.meta.url));

/** Reads the shipped workflows. */
export async function readBuiltInWorkflows(): Promise<WorkflowSources> {
  const taskTypes = parseTaskTypes(await readFile(SHIPPED, 'utf8'), SHIPPED);
  return [{ taskTypes, baseFolder: dirname(SHIPPED), definedIn: [SHIPPED] }];
}

/** The shipped workflows, then those of the configuration, whose files are relative to it. */
export function listWorkflowSources(builtIn: WorkflowSources, config: Config): WorkflowSources {
  const baseFolder = config.file === null ? config.dataDir : dirname(config.file);
  const definedIn = [...config.workflowFiles, ...(config.file === null ? [] : [config.file])];
  return [...builtIn, { taskTypes: config.taskTypes, baseFolder, definedIn }];
}

/** What a server with this configuration would refuse in its workflows. */
export async function checkWorkflows(config: Config): Promise<readonly DefinitionProblem[]> {
  const scope = new Scope('check of workflows', systemClock, silentLogger);
  const sources = listWorkflowSources(await readBuiltInWorkflows(), config);
  try {
    const library = await openWorkflowLibrary(scope, { logger: silentLogger, clock: systemClock }, sources);
    return library.problems();
  } finally {
    await scope.close();
  }
}
