import { type DefinitionProblem, formatDefinitionProblem } from '@comfleet/contract';
import { DefinitionFiles } from '../../platform/config/definition-files.ts';
import { FileStamps } from '../../platform/config/file-stamps.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { loadWorkflow, locateMergeProblem } from './load-workflow.ts';
import {
  mergeSources,
  type PlacedWorkflow,
  type TaskTypeSummary,
  type WorkflowSourceSet,
} from './merge-sources.ts';
import type { WorkflowDefinition } from './workflow-definition.ts';

export interface WorkflowLibrary {
  /** The workflows that may be offered, including disabled ones, in the order of the files. */
  list(taskType?: string): WorkflowDefinition[];
  find(name: string): WorkflowDefinition | null;
  /** The one used if a request names no workflow; null if there is none or it is disabled. */
  findDefault(taskType: string): WorkflowDefinition | null;
  taskTypes(): TaskTypeSummary[];
  /** A task type as currently set; null if no source names it. */
  findTaskType(name: string): TaskTypeSummary | null;
  /** What was refused at the last load. */
  problems(): readonly DefinitionProblem[];
  /** The files of the graphs as of the last load, including those of refused workflows. */
  stamps(): FileStamps;
  /** Reloads all files. A workflow that cannot be loaded keeps its last good version; removed ones disappear. */
  reload(sources?: readonly WorkflowSourceSet[]): Promise<LoadOutcome>;
}

export interface LoadOutcome {
  /** Number of workflows offered. */
  workflows: number;
  problems: readonly DefinitionProblem[];
}

/** Loads every workflow of the sources. Never throws for a bad one: it is logged, listed in `problems` and not offered. */
export async function openWorkflowLibrary(
  scope: Scope,
  deps: { logger: Logger; clock: Clock },
  sources: readonly WorkflowSourceSet[],
): Promise<WorkflowLibrary> {
  const library = new FileLibrary(deps, sources);
  scope.add('workflow library', () => library.settle());
  await library.reload();
  return library;
}

interface Shelf {
  workflows: Map<string, WorkflowDefinition>;
  taskTypes: Map<string, TaskTypeSummary>;
  problems: readonly DefinitionProblem[];
  stamps: FileStamps;
}

class FileLibrary implements WorkflowLibrary {
  readonly #deps: { logger: Logger; clock: Clock };
  #sources: readonly WorkflowSourceSet[];
  #shelf: Shelf = { workflows: new Map(), taskTypes: new Map(), problems: [], stamps: new FileStamps() };
  #loading: Promise<unknown> = Promise.resolve();

  constructor(deps: { logger: Logger; clock: Clock }, sources: readonly WorkflowSourceSet[]) {
    this.#deps = deps;
    this.#sources = sources;
  }

  list(taskType?: string): WorkflowDefinition[] {
    const all = [...this.#shelf.workflows.values()];
    return taskType === undefined ? all : all.filter((workflow) => workflow.taskType === taskType);
  }

  find(name: string): WorkflowDefinition | null {
    return this.#shelf.workflows.get(name) ?? null;
  }

  findDefault(taskType: string): WorkflowDefinition | null {
    return this.list(taskType).find((workflow) => workflow.isDefault && workflow.enabled) ?? null;
  }

  taskTypes(): TaskTypeSummary[] {
    return [...this.#shelf.taskTypes.values()];
  }

  findTaskType(name: string): TaskTypeSummary | null {
    return this.#shelf.taskTypes.get(name) ?? null;
  }

  problems(): readonly DefinitionProblem[] {
    return this.#shelf.problems;
  }

  stamps(): FileStamps {
    return this.#shelf.stamps;
  }

  /** One load at a time: a second call waits for the first. */
  reload(sources?: readonly WorkflowSourceSet[]): Promise<LoadOutcome> {
    const next = this.#loading.then(() => this.#load(sources ?? this.#sources));
    // The caller handles the failure; the next load only waits for the end of this one.
    this.#loading = next.catch(() => undefined);
    return next;
  }

  async settle(): Promise<void> {
    await this.#loading;
  }

  async #load(sources: readonly WorkflowSourceSet[]): Promise<LoadOutcome> {
    const { logger, clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const merged = mergeSources(sources);
    const workflows = new Map<string, WorkflowDefinition>();
    const definitionFiles = new DefinitionFiles();
    const stamps = new FileStamps();
    const problems: DefinitionProblem[] = [];
    for (const problem of merged.problems) problems.push(await locateMergeProblem(problem, definitionFiles));
    for (const placed of merged.workflows) {
      await stamps.record(placed.file);
      const loaded = await loadWorkflow(placed, definitionFiles);
      const lastGood = this.#shelf.workflows.get(placed.place.name);
      if (!loaded.ok) problems.push(...loaded.problems);
      const usable = loaded.ok ? loaded.definition : lastGood && applyFlags(lastGood, placed);
      if (usable) workflows.set(placed.place.name, usable);
    }
    this.#sources = sources;
    const taskTypes = new Map(merged.taskTypes.map((taskType) => [taskType.name, taskType]));
    this.#shelf = { workflows, taskTypes, problems, stamps };
    for (const problem of problems)
      logger.warn('workflows.refused', { error: formatDefinitionProblem(problem) });
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    logger.info('workflows.loaded', { workflows: workflows.size, errors: problems.length, durationMs });
    return { workflows: workflows.size, problems };
  }
}

/** The last good version with the current flags: a workflow that was disabled stays disabled. */
function applyFlags(lastGood: WorkflowDefinition, { place, source }: PlacedWorkflow): WorkflowDefinition {
  return { ...lastGood, ...place, enabled: place.enabled && source.enabled !== false };
}
