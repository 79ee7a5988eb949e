import { type Graph, parseGraph, parseLosslessJson } from '@comfleet/comfyui';
import { readRegularFile } from '@comfleet/comfyui/node';
import { blake3 } from 'hash-wasm';
import { toError } from '../../platform/errors/app-error.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { compileWorkflow, type WorkflowPlace } from './compile-workflow.ts';
import {
  mergeSources,
  type PlacedWorkflow,
  type TaskTypeSummary,
  type WorkflowSourceSet,
} from './merge-sources.ts';
import type { WorkflowDefinition as WorkflowSource } from './task-types-schema.ts';
import type { WorkflowDefinition } from './workflow-definition.ts';

export interface WorkflowLibrary {
  /** The workflows that may be offered, the switched-off ones among them, in the order of the files. */
  list(taskType?: string): WorkflowDefinition[];
  find(name: string): WorkflowDefinition | null;
  /** The one used when a request names no workflow; null when there is none or it is switched off. */
  findDefault(taskType: string): WorkflowDefinition | null;
  taskTypes(): TaskTypeSummary[];
  /** A task type as it is set now; null when no source names it. */
  findTaskType(name: string): TaskTypeSummary | null;
  /** What was refused at the last load. */
  errors(): readonly string[];
  /** Reloads all files. A workflow that cannot be loaded keeps its last good form; what was removed goes. */
  reload(sources?: readonly WorkflowSourceSet[]): Promise<{ workflows: number; errors: string[] }>;
}

const MAX_FILE_BYTES = 32 * 1024 * 1024;

/** Loads every workflow of the sources. Never throws for a bad one: it is logged, listed in `errors` and not offered. */
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
  errors: string[];
}

class FileLibrary implements WorkflowLibrary {
  readonly #deps: { logger: Logger; clock: Clock };
  #sources: readonly WorkflowSourceSet[];
  #shelf: Shelf = { workflows: new Map(), taskTypes: new Map(), errors: [] };
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

  errors(): readonly string[] {
    return this.#shelf.errors;
  }

  /** One load at a time: a second call waits for the first. */
  reload(sources?: readonly WorkflowSourceSet[]): Promise<{ workflows: number; errors: string[] }> {
    const next = this.#loading.then(() => this.#load(sources ?? this.#sources));
    // The caller holds the failure; the next load only waits for the end of this one.
    this.#loading = next.catch(() => undefined);
    return next;
  }

  async settle(): Promise<void> {
    await this.#loading;
  }

  async #load(sources: readonly WorkflowSourceSet[]): Promise<{ workflows: number; errors: string[] }> {
    const { logger, clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const merged = mergeSources(sources);
    const workflows = new Map<string, WorkflowDefinition>();
    const errors = [...merged.problems];
    for (const placed of merged.workflows) {
      const { definition, problems } = await loadWorkflow(placed);
      const lastGood = this.#shelf.workflows.get(placed.place.name);
      for (const problem of problems) errors.push(`${placed.place.name} (${placed.file}): ${problem}`);
      const kept = problems.length === 0 ? definition : lastGood && applySwitches(lastGood, placed);
      if (kept) workflows.set(placed.place.name, kept);
    }
    this.#sources = sources;
    const taskTypes = new Map(merged.taskTypes.map((taskType) => [taskType.name, taskType]));
    this.#shelf = { workflows, taskTypes, errors };
    for (const error of errors) logger.warn('workflows.refused', { error });
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    logger.info('workflows.loaded', { workflows: workflows.size, errors: errors.length, durationMs });
    return { workflows: workflows.size, errors: [...errors] };
  }
}

/** The last good form under the switches of now: what was switched off stays off. */
function applySwitches(lastGood: WorkflowDefinition, { place, source }: PlacedWorkflow): WorkflowDefinition {
  return { ...lastGood, ...place, enabled: place.enabled && source.enabled !== false };
}

async function loadWorkflow(
  placed: PlacedWorkflow,
): Promise<{ definition: WorkflowDefinition | null; problems: readonly string[] }> {
  try {
    const loaded = await loadGraph(placed.file);
    if (!loaded.ok) return { definition: null, problems: loaded.problems };
    const definition = await finish(placed.place, placed.source, loaded.graph);
    return { definition, problems: definition.problems };
  } catch (thrown) {
    return { definition: null, problems: [`cannot be read: ${toError(thrown).message}`] };
  }
}

async function loadGraph(
  file: string,
): Promise<{ ok: true; graph: Graph } | { ok: false; problems: string[] }> {
  // ComfyUI on Windows may write a byte order mark.
  const bytes = await readRegularFile(file, { maxBytes: MAX_FILE_BYTES });
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const parsed = parseGraph(parseLosslessJson(text));
  if (parsed.ok) return parsed;
  return { ok: false, problems: parsed.problems.map((problem) => problem.message) };
}

/** Adds the hashes. The version covers what shapes a task; neither the file's path nor switches. */
async function finish(
  place: WorkflowPlace,
  source: WorkflowSource,
  graph: Graph,
): Promise<WorkflowDefinition> {
  const compiled = compileWorkflow(place, source, graph);
  const { workflow_file: _file, enabled: _enabled, ...content } = source;
  const graphHash = await blake3(compiled.graphText);
  const versionId = await blake3(JSON.stringify([place.name, place.taskType, content, graphHash]));
  return { ...compiled, graphHash, versionId };
}
