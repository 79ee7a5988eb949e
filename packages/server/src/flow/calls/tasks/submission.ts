import {
  detectGraphFormat,
  type Graph,
  type GraphProblem,
  type ObjectInfo,
  parseGraph,
  parseLosslessJson,
  readRequirements,
  stringifyLosslessJson,
  validateGraph,
} from '@comfleet/comfyui';
import { type HeldReason, isUuid, type SubmitOptions } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Assets } from '../../assets/assets.ts';
import type { SubmitBody } from '../../flow.ts';
import { findMissing } from '../../placement/needs.ts';
import type { NewTask } from '../../tasks/accept-tasks.ts';
import { type BoundInput, toInputBytes } from '../../tasks/requirements.ts';
import { bindParameters } from '../../workflows/bind-parameters.ts';
import { bindUpdates, type NodeUpdate } from '../../workflows/bind-updates.ts';
import { readSeed } from '../../workflows/find-graph-nodes.ts';
import { nameProblem } from '../../workflows/parameter-problem.ts';
import type { WorkflowDefinition } from '../../workflows/workflow-definition.ts';
import type { WorkflowLibrary } from '../../workflows/workflow-library.ts';
import type { KnownInventory } from './known-inventories.ts';

export interface SubmissionDeps {
  library: WorkflowLibrary;
  assets: Assets;
  /** Last known inventories, offline workers included, with the task types each takes (empty: all). */
  inventories: () => readonly KnownInventory[];
  /** Every worker of the fleet, for tasks that ask for labels or names. */
  workers: () => readonly { id: string; name: string; labels: readonly string[] }[];
  drawSeed: () => string;
  defaults: { priority: (taskType: string) => number; timeoutMs: number; maxAttempts: number };
}

/** What a request became before it is anyone's task: a bound graph and the files it names. */
interface BoundBody {
  graph: Graph;
  taskType: string;
  workflow: WorkflowDefinition | null;
  parameters: Record<string, unknown>;
  seed: string | null;
  inputs: SizedInput[];
  warnings: TaskText[];
}

/** A bound input with the size of its file. */
interface SizedInput extends BoundInput {
  sizeBytes: number;
}

export interface PreparedSubmission {
  task: Omit<NewTask, 'batch' | 'sealedSecrets'>;
  warnings: TaskText[];
}

/**
 * From a request to a task that could be accepted: bind values into a copy of the graph, resolve files, read what the
 * graph needs, and judge it against what is known of the fleet. Refuses with INVALID_PARAMETERS, INVALID_WORKFLOW (per
 * node), WORKFLOW_FORMAT_UI, MISSING_ASSET, WORKFLOW_NOT_FOUND, TASK_TYPE_DISABLED.
 */
export async function prepareSubmission(
  deps: SubmissionDeps,
  request: {
    ownerId: string;
    door: string;
    body: SubmitBody;
    options: SubmitOptions;
    updates?: readonly NodeUpdate[];
  },
): Promise<PreparedSubmission> {
  const { body, options, ownerId } = request;
  const bound =
    body.kind === 'graph'
      ? await bindGraph(deps, ownerId, body.graphText)
      : await bindNamed(deps, ownerId, body);
  const graph = request.updates ? applyUpdates(bound.graph, request.updates) : bound.graph;
  const { classTypes, models } = readRequirements(graph);
  const requirements = {
    taskType: bound.taskType,
    classTypes,
    models,
    inputs: bound.inputs.map(({ nodeId, inputName, assetId }) => ({ nodeId, inputName, assetId })),
    inputBytes: toInputBytes(bound.inputs.map((input) => input.sizeBytes)),
    excludedWorkers: [],
    ...readSilenceLimit(bound.workflow),
    ...readWishes(deps, options),
  };
  const heldReason = judgeAgainstFleet(deps, graph, requirements);
  return {
    warnings: bound.warnings,
    task: {
      ownerId,
      projectId: options.project_id ?? null,
      door: request.door,
      taskType: bound.taskType,
      name: options.name ?? null,
      workflow: bound.workflow
        ? { versionId: bound.workflow.versionId, name: bound.workflow.name, label: bound.workflow.version }
        : null,
      graphText: stringifyLosslessJson(graph),
      parameters: bound.parameters,
      // The graph decides: it may be the caller's own, or changed by updates of one item.
      seed: request.updates || bound.seed === null ? readSeed(graph) : bound.seed,
      requirements,
      priority: options.priority ?? deps.defaults.priority(bound.taskType),
      timeoutMs: readTimeout(deps, options, bound.workflow),
      maxAttempts: options.max_attempts ?? deps.defaults.maxAttempts,
      fileName: options.file_name ?? null,
      outputPath: options.output_path ?? null,
      heldReason,
    },
  };
}

function readSilenceLimit(workflow: WorkflowDefinition | null): { silenceLimitMs?: number } {
  const limitMs = workflow?.silenceLimitMs ?? null;
  return limitMs === null ? {} : { silenceLimitMs: limitMs };
}

/** Labels and workers that the caller asks for. Throws NO_CAPABLE_WORKER when no worker of the fleet has them. */
function readWishes(
  deps: SubmissionDeps,
  { labels = [], workers = [] }: SubmitOptions,
): { labels?: string[]; pinnedWorkers?: string[] } {
  if (labels.length === 0 && workers.length === 0) return {};
  const fits = (worker: { id: string; name: string; labels: readonly string[] }) =>
    labels.every((label) => worker.labels.includes(label)) &&
    (workers.length === 0 || workers.includes(worker.name) || workers.includes(worker.id));
  if (!deps.workers().some(fits)) throw new AppError('NO_CAPABLE_WORKER', { labels, workers });
  return {
    ...(labels.length > 0 && { labels: [...new Set(labels)] }),
    ...(workers.length > 0 && { pinnedWorkers: [...new Set(workers)] }),
  };
}

function readTimeout(
  deps: SubmissionDeps,
  options: SubmitOptions,
  workflow: WorkflowDefinition | null,
): number {
  if (options.timeout_seconds !== undefined) return Math.round(options.timeout_seconds * 1000);
  return workflow?.timeoutMs ?? deps.defaults.timeoutMs;
}

async function bindNamed(
  deps: SubmissionDeps,
  ownerId: string,
  body: Extract<SubmitBody, { kind: 'workflow' }>,
): Promise<BoundBody> {
  const workflow = findWorkflow(deps.library, body);
  const bound = bindParameters(workflow, body.parameters, { drawSeed: deps.drawSeed, strict: body.strict });
  if (!bound.ok)
    throw new AppError('INVALID_PARAMETERS', { problems: bound.problems, warnings: bound.warnings });
  const inputs: SizedInput[] = [];
  for (const image of bound.images) {
    const asset = await deps.assets.resolveReference(ownerId, image.value);
    const file = { assetId: asset.id, sizeBytes: asset.size_bytes };
    inputs.push(...image.targets.map((target) => ({ ...target, ...file })));
  }
  return {
    graph: bound.graph,
    taskType: workflow.taskType,
    workflow,
    parameters: bound.parameters,
    seed: bound.seed,
    inputs,
    warnings: bound.warnings.map(nameProblem),
  };
}

function findWorkflow(
  library: WorkflowLibrary,
  { workflowName, taskType }: Extract<SubmitBody, { kind: 'workflow' }>,
): WorkflowDefinition {
  const workflow = workflowName
    ? library.find(workflowName)
    : taskType
      ? library.findDefault(taskType)
      : null;
  const wantedType = workflow?.taskType ?? taskType;
  if (wantedType) refuseDisabledType(library, wantedType);
  if (!workflow?.enabled || (taskType && workflow.taskType !== taskType)) {
    throw new AppError('WORKFLOW_NOT_FOUND', {
      workflow_name: workflowName ?? null,
      task_type: taskType ?? null,
    });
  }
  return workflow;
}

/** The type of every graph that comes without a workflow. */
const RAW_TYPE = 'custom';

async function bindGraph(deps: SubmissionDeps, ownerId: string, graphText: string): Promise<BoundBody> {
  refuseDisabledType(deps.library, RAW_TYPE);
  const graph = parseGraphText(graphText);
  const inputs = await bindGraphFiles(deps, ownerId, graph);
  return { graph, taskType: RAW_TYPE, workflow: null, parameters: {}, seed: null, inputs, warnings: [] };
}

/** A type that only reserves its name has nothing to switch on. */
function refuseDisabledType(library: WorkflowLibrary, taskType: string): void {
  const found = library.findTaskType(taskType);
  if (found && !found.enabled && !found.reserved)
    throw new AppError('TASK_TYPE_DISABLED', { task_type: taskType });
}

/** Reads a graph as a caller wrote it. Refuses what is no graph, and ComfyUI's other format with the way out of it. */
export function parseGraphText(graphText: string): Graph {
  let value: unknown;
  try {
    value = parseLosslessJson(graphText);
  } catch (cause) {
    throw new AppError('INVALID_WORKFLOW', { reason: 'not JSON' }, { cause });
  }
  if (detectGraphFormat(value) === 'ui') throw new AppError('WORKFLOW_FORMAT_UI');
  const parsed = parseGraph(value);
  if (!parsed.ok) throw invalidWorkflow(parsed.problems);
  return parsed.graph;
}

const ASSET_TYPE = 'core/ASSET';

/** Files of a raw graph: `core/ASSET` objects must be the caller's; plain names are bound when they name an upload. */
async function bindGraphFiles(deps: SubmissionDeps, ownerId: string, graph: Graph): Promise<SizedInput[]> {
  const inputs: SizedInput[] = [];
  for (const [nodeId, node] of Object.entries(graph)) {
    for (const [inputName, value] of Object.entries(node.inputs)) {
      const reference = readAssetReference(value);
      if (reference === null) continue;
      const asset = isUuid(reference) ? await deps.assets.findOwn(ownerId, reference) : null;
      if (!asset) {
        throw new AppError('MISSING_ASSET', {
          node_id: nodeId,
          input: inputName,
          reference: reference.slice(0, 200),
        });
      }
      node.inputs[inputName] = asset.name;
      inputs.push({ nodeId, inputName, assetId: asset.id, sizeBytes: asset.size_bytes });
    }
  }
  for (const file of readRequirements(graph).fileInputs) {
    if (inputs.some((input) => input.nodeId === file.nodeId && input.inputName === file.inputName)) continue;
    const asset = await findUpload(deps, ownerId, file.value);
    if (asset) inputs.push({ nodeId: file.nodeId, inputName: file.inputName, ...asset });
  }
  return inputs;
}

/** A file of the worker's own input folder is a plain name too: only what is ours is bound, escapes are refused. */
async function findUpload(
  deps: SubmissionDeps,
  ownerId: string,
  name: string,
): Promise<{ assetId: string; sizeBytes: number } | null> {
  try {
    const asset = await deps.assets.resolveReference(ownerId, name);
    return { assetId: asset.id, sizeBytes: asset.size_bytes };
  } catch (thrown) {
    const harmless =
      thrown instanceof AppError &&
      thrown.code === 'MISSING_ASSET' &&
      !/(^[/\\])|(\.\.)|(^comfleet\/)/.test(name);
    if (harmless) return null;
    throw thrown;
  }
}

/** The id of a `core/ASSET` object; empty when it names none or stands inside a list or object; null for other values. */
function readAssetReference(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!('__type' in value) || value.__type !== ASSET_TYPE)
    return Object.values(value).some((item) => readAssetReference(item) !== null) ? '' : null;
  const info = 'info' in value ? value.info : null;
  const id = typeof info === 'object' && info !== null && 'id' in info ? info.id : null;
  return typeof id === 'string' ? id : '';
}

function applyUpdates(graph: Graph, updates: readonly NodeUpdate[]): Graph {
  const updated = bindUpdates(graph, updates);
  if (!updated.ok) throw new AppError('INVALID_PARAMETERS', { problems: updated.problems });
  return updated.graph;
}

/**
 * Refused only when every known inventory lacks something, offline workers included; without any the task is held. A
 * file that we bring is not looked for on the worker.
 */
function judgeAgainstFleet(
  deps: SubmissionDeps,
  graph: Graph,
  requirements: NewTask['requirements'],
): HeldReason | null {
  const known = deps.inventories();
  // Whether a worker carries the labels was asked already.
  const labels = requirements.labels ?? [];
  if (known.length === 0) return 'no_worker_known';
  const bound = new Set(requirements.inputs.map((input) => `${input.nodeId}.${input.inputName}`));
  let best: GraphProblem[] | null = null;
  const listProblems = (objectInfo: ObjectInfo) =>
    validateGraph(graph, objectInfo).filter(({ nodeId, inputName }) => !bound.has(`${nodeId}.${inputName}`));
  for (const { inventory, capabilities } of known) {
    const { objectInfo, classTypes, models, maxUploadBytes, vramTotal: vramBytes } = inventory;
    const worker = { classTypes, models, maxUploadBytes, vramBytes, capabilities, labels };
    if (!findMissing(worker, requirements) && listProblems(objectInfo).length === 0) return null;
  }
  for (const objectInfo of new Set(known.map(({ inventory }) => inventory.objectInfo))) {
    const problems = listProblems(objectInfo);
    if (!best || problems.length < best.length) best = problems;
  }
  if (best && best.length > 0) throw invalidWorkflow(best);
  throw new AppError('NO_CAPABLE_WORKER', {
    class_types: requirements.classTypes,
    models: requirements.models,
    task_type: requirements.taskType,
  });
}

/** ComfyUI's own shape of node_errors, so that existing tools can show them. */
function invalidWorkflow(problems: readonly GraphProblem[]): AppError {
  const nodeErrors: Record<string, { errors: unknown[] }> = {};
  for (const { nodeId, inputName, type, message } of problems) {
    const key = nodeId ?? '';
    const entry = nodeErrors[key] ?? { errors: [] };
    entry.errors.push({ type, message, input_name: inputName });
    nodeErrors[key] = entry;
  }
  return new AppError('INVALID_WORKFLOW', { node_errors: nodeErrors });
}
