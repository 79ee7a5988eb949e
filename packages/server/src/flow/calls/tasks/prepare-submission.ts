import { type Graph, startTimeSlice, stringifyLosslessJson, type TimeSlice } from '@comfleet/comfyui';
import type { AssetId, SubmitOptions, Submitted } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import { AppError } from '../../../platform/errors/app-error.ts';
import { isInlineFile } from '../../../platform/text/data-url.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { FileSource } from '../../assets/file-source.ts';
import type { Actor } from '../../ownership/actor.ts';
import { filterByConstraints } from '../../placement/needs.ts';
import type { NewTask } from '../../tasks/accept-tasks.ts';
import type { GraphPolicies } from '../../tasks/graph-policies.ts';
import { type OpenChoice, type TaskRequirements, toInputBytes } from '../../tasks/requirements.ts';
import type { TaskDoor } from '../../tasks/task-tables.ts';
import { type BoundImage, bindParameters } from '../../workflows/bind-parameters.ts';
import { bindUpdates, type NodeUpdate } from '../../workflows/bind-updates.ts';
import { readSeed } from '../../workflows/find-graph-nodes.ts';
import { nameProblem } from '../../workflows/parameter-problem.ts';
import type { GraphLimits } from '../../workflows/settings.ts';
import type { StandIns } from '../../workflows/stand-ins.ts';
import type { WorkflowDefinition } from '../../workflows/workflow-definition.ts';
import type { WorkflowLibrary } from '../../workflows/workflow-library.ts';
import { writeInput } from '../../workflows/write-input.ts';
import { bindGraphFiles, type SizedInput } from './bind-graph-files.ts';
import { type KnownFleet, readConstraints } from './check-fleet.ts';
import { deriveRequirements } from './derive-requirements.ts';
import type { KnownInventory } from './known-inventories.ts';
import { parseSubmittedGraph } from './parse-submitted-graph.ts';
import { readProject } from './read-project.ts';
import { refuseByPolicy } from './refuse-by-policy.ts';

/** Body of a submission: a named workflow with values, or the caller's graph, a lossless JSON tree that is not changed. */
export type SubmitBody =
  | {
      kind: 'workflow';
      workflowName?: string;
      taskType?: string;
      parameters: Record<string, unknown>;
      strict?: boolean;
    }
  | { kind: 'graph'; graph: unknown };

export interface SubmitRequest {
  actor: Actor;
  door: TaskDoor;
  body: SubmitBody;
  options: SubmitOptions;
  /** Merged over the prompt's extra_data; secret keys (api_key_comfy_org, auth_token_comfy_org) are sealed. */
  extraData?: Record<string, unknown>;
  idempotency?: { key: string; bodyHash: string };
}

/** A new task, or (`replayed`) the one created earlier with the same key and body. */
export interface SubmitOutcome {
  submitted: Submitted;
  replayed: boolean;
}

export interface SubmissionDeps extends KnownFleet {
  library: WorkflowLibrary;
  assets: FileSource;
  policies: GraphPolicies;
  /** Resolves when workers that have just joined are known. */
  introduced: () => Promise<void>;
  drawSeed: () => string;
  standIns: StandIns;
  defaults: { priority: (taskType: string) => number; timeoutMs: () => number; maxAttempts: () => number };
  limits: GraphLimits;
  clock: Clock;
}

/** A bound request: its graph, and the files that it names. */
interface BoundBody {
  graph: Graph;
  taskType: string;
  workflow: WorkflowDefinition | null;
  parameters: Record<string, unknown>;
  seed: string | null;
  inputs: SizedInput[];
  openChoices: OpenChoice[];
  warnings: TaskText[];
}

export interface PreparedSubmission {
  task: Omit<NewTask, 'batch' | 'sealedSecrets'>;
  warnings: TaskText[];
}

interface Submission {
  actor: Actor;
  door: TaskDoor;
  body: SubmitBody;
  options: SubmitOptions;
  updates?: readonly NodeUpdate[];
  /** Seed shared by the items of a batch. */
  seed?: string;
}

/**
 * Turns a request into a task that can be accepted: binds values into a copy of the graph, resolves files, derives requirements,
 * and checks them against the rules for graphs and the known fleet. Throws INVALID_PARAMETERS, INVALID_WORKFLOW and POLICY_REFUSED
 * (per node), PROJECT_NOT_FOUND, PROJECT_READ_ONLY, WORKFLOW_FORMAT_UI, MISSING_ASSET, WORKFLOW_NOT_FOUND, TASK_TYPE_DISABLED.
 */
export async function prepareSubmission(
  deps: SubmissionDeps,
  request: Submission,
): Promise<PreparedSubmission> {
  const { body, options, actor, seed } = request;
  const projectId = readProject(actor, options.project_id);
  const { problems: maxProblems } = deps.limits;
  const drawSeed = seed === undefined ? deps.drawSeed : () => seed;
  // A graph may be large, so other work runs between any two passes over it.
  const slice = startTimeSlice(deps.clock);
  await deps.introduced();
  const constraints = readConstraints(options);
  const offers = filterByConstraints(deps.inventories(), constraints);
  const bound = await bindBody({ ...deps, drawSeed, offers, slice }, actor, body);
  const limits = readLimits(deps, options, bound.workflow);
  await slice.yieldIfSpent();
  const graph = request.updates ? applyUpdates(bound.graph, request.updates, maxProblems) : bound.graph;
  const fleet = { ...deps, maxProblems, slice };
  await refuseByPolicy(fleet, graph, {
    owner: { ownerId: actor.id, projectId, workflow: bound.workflow?.name ?? null },
    constraints,
  });
  const { requirements, heldReason, warnings } = await deriveRequirements(fleet, graph, {
    taskType: bound.taskType,
    inputs: bound.inputs.map(({ nodeId, inputName, assetId }) => ({ nodeId, inputName, assetId })),
    inputBytes: toInputBytes(bound.inputs.map((input) => input.sizeBytes)),
    excludedWorkers: [],
    ...keepOpen(bound.openChoices, request.updates),
    ...limits.silence,
    ...constraints,
  });
  await slice.yieldIfSpent();
  const graphText = stringifyLosslessJson(graph);
  await slice.yieldIfSpent();
  const stored = { projectId, graph, graphText, requirements, heldReason, timeoutMs: limits.timeoutMs };
  return {
    warnings: [...bound.warnings, ...warnings],
    task: describeNewTask(deps, request, { ...bound, ...stored }),
  };
}

function describeNewTask(
  { defaults }: SubmissionDeps,
  { actor, door, options, updates }: Submission,
  bound: BoundBody & Pick<NewTask, 'projectId' | 'graphText' | 'requirements' | 'heldReason' | 'timeoutMs'>,
): PreparedSubmission['task'] {
  const { workflow, graph, graphText, requirements, heldReason, timeoutMs } = bound;
  return {
    ownerId: actor.id,
    projectId: bound.projectId,
    door,
    taskType: bound.taskType,
    name: options.name ?? null,
    workflow: workflow && {
      versionId: workflow.versionId,
      name: workflow.name,
      label: workflow.version,
    },
    graphText,
    parameters: bound.parameters,
    // The graph decides: it may be the caller's own, or changed by updates of one item.
    seed: updates || bound.seed === null ? readSeed(graph) : bound.seed,
    requirements,
    priority: options.priority ?? defaults.priority(bound.taskType),
    timeoutMs,
    maxAttempts: options.max_attempts ?? defaults.maxAttempts(),
    fileName: options.file_name ?? null,
    outputPath: options.output_path ?? null,
    heldReason,
    warnings: bound.warnings,
  };
}

/** Keeps choices open, except those that the request sets itself. */
function keepOpen(
  openChoices: readonly OpenChoice[],
  updates: readonly NodeUpdate[] = [],
): Pick<TaskRequirements, 'openChoices'> {
  const isWritten = ({ nodeId, inputName }: OpenChoice['targets'][number]) =>
    updates.some((update) => String(update.node_id) === nodeId && update.input_name === inputName);
  const open = openChoices.filter(({ targets }) => !targets.some(isWritten));
  return open.length > 0 ? { openChoices: open } : {};
}

/** Reads the time limits: a requested one is for the whole run; the default one counts from the last sign of progress. */
function readLimits(
  { defaults }: SubmissionDeps,
  options: SubmitOptions,
  workflow: WorkflowDefinition | null,
): { timeoutMs: number; silence: Pick<TaskRequirements, 'silenceLimitMs' | 'limitsSilence'> } {
  const { timeout_seconds: seconds } = options;
  const requestedMs = seconds === undefined ? (workflow?.timeoutMs ?? null) : Math.round(seconds * 1000);
  const silenceLimitMs = workflow?.silenceLimitMs ?? null;
  return {
    timeoutMs: requestedMs ?? defaults.timeoutMs(),
    silence: {
      ...(silenceLimitMs === null ? {} : { silenceLimitMs }),
      ...(requestedMs === null ? ({ limitsSilence: true } as const) : {}),
    },
  };
}

/** Dependencies of binding: seeds, and the offers of workers that the task may run on. */
type BindDeps = SubmissionDeps & { offers: readonly KnownInventory[]; slice: TimeSlice };

function bindBody(deps: BindDeps, actor: Actor, body: SubmitBody): Promise<BoundBody> {
  return body.kind === 'graph' ? bindGraph(deps, actor, body.graph) : bindNamed(deps, actor, body);
}

async function bindNamed(
  deps: BindDeps,
  actor: Actor,
  body: Extract<SubmitBody, { kind: 'workflow' }>,
): Promise<BoundBody> {
  const { library, offers, standIns } = deps;
  const workflow = findWorkflow(library, body);
  const openChoices: OpenChoice[] = [];
  const bound = bindParameters(workflow, body.parameters, {
    drawSeed: deps.drawSeed,
    strict: body.strict,
    findStandIn: (parameter) => {
      const { name, modelKind, targets } = parameter;
      if (offers.length > 0) return standIns.find(workflow, parameter, offers);
      if (modelKind !== null) openChoices.push({ parameter: name, modelKind, targets });
      return { kind: 'none' };
    },
  });
  if (!bound.ok)
    throw new AppError('INVALID_PARAMETERS', { problems: bound.problems, warnings: bound.warnings });
  const inputs: SizedInput[] = [];
  for (const image of bound.images) {
    const asset = await deps.assets.resolveReference(actor, image.value);
    if (isInlineFile(image.value)) nameInline(bound, image, asset.id);
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
    openChoices,
    warnings: bound.warnings.map(nameProblem),
  };
}

/** Replaces inline data by a name, so that the bytes are stored once, not in every copy of the graph. */
function nameInline(
  bound: { graph: Graph; parameters: Record<string, unknown> },
  image: BoundImage,
  assetId: AssetId,
): void {
  bound.parameters[image.parameter] = assetId;
  for (const target of image.targets) writeInput(bound.graph, target, assetId);
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

/** Task type of graphs without a workflow. */
const RAW_TYPE = 'custom';

async function bindGraph(deps: BindDeps, actor: Actor, written: unknown): Promise<BoundBody> {
  const { library, slice } = deps;
  refuseDisabledType(library, RAW_TYPE);
  await slice.yieldIfSpent();
  const parsed = parseSubmittedGraph(written, deps.limits);
  await slice.yieldIfSpent();
  const servers = deps.inventories().map(({ inventory }) => inventory.objectInfo);
  const { graph, inputs } = await bindGraphFiles(deps.assets, actor, { graph: parsed, servers, slice });
  const none = { workflow: null, parameters: {}, seed: null, openChoices: [], warnings: [] };
  return { graph, taskType: RAW_TYPE, inputs, ...none };
}

/** Refuses a disabled task type; one that only reserves its name cannot be enabled. */
function refuseDisabledType(library: WorkflowLibrary, taskType: string): void {
  const found = library.findTaskType(taskType);
  if (found && !found.enabled && !found.reserved)
    throw new AppError('TASK_TYPE_DISABLED', { task_type: taskType });
}

function applyUpdates(graph: Graph, updates: readonly NodeUpdate[], maxProblems: number): Graph {
  const updated = bindUpdates(graph, updates, maxProblems);
  if (!updated.ok) {
    const { problems, count } = updated;
    throw new AppError('INVALID_PARAMETERS', {
      problems,
      ...(count > problems.length && { problem_count: count }),
    });
  }
  return updated.graph;
}
