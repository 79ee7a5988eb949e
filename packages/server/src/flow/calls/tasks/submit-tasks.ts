import { parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import type { PrincipalId, ProjectId, TaskId } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { Database } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { FlowTables } from '../../flow-tables.ts';
import type { Actor } from '../../ownership/actor.ts';
import { changeableBy, visibleTo } from '../../ownership/owner-filter.ts';
import type { NewTask } from '../../tasks/accept-tasks.ts';
import { loadGraphText } from '../../tasks/graph-texts.ts';
import { findKeySubject, type KeyUse, loadKeySubject } from '../../tasks/idempotency-keys.ts';
import { parseRequirements } from '../../tasks/requirements.ts';
import type { Secrets } from '../../tasks/secrets.ts';
import { loadVisibleTask } from '../../tasks/task-queries.ts';
import type { TaskRow } from '../../tasks/task-tables.ts';
import { parseSubmittedGraph } from './parse-submitted-graph.ts';
import type { SubmitOutcome, SubmitRequest } from './prepare-submission.ts';
import { readProject } from './read-project.ts';
import type { TaskIntake } from './task-intake.ts';

export interface SubmitDeps {
  database: Database<FlowTables>;
  secrets: Secrets;
  intake: TaskIntake;
}

/** Admits, binds and stores a task in one transaction; only then is it announced and put into its lane. */
export async function submitTask(deps: SubmitDeps, request: SubmitRequest): Promise<SubmitOutcome> {
  const { database, intake } = deps;
  const { actor, door, idempotency } = request;
  // A used key comes first: a repetition is not a new task for limits or validation.
  const use = idempotency ? { door, ...idempotency } : null;
  const known = use && (await findKeySubject<'task'>(database, actor.id, use));
  if (known) return replay(deps, actor, { taskId: known, warnings: [] });
  const counted = { ownerId: actor.id, projectId: readProject(actor, request.options.project_id) };
  return intake.admit(counted, 1, (keep) => acceptNew(deps, request, { use, keep }));
}

async function acceptNew(
  deps: SubmitDeps,
  { actor, door, body, options, extraData }: SubmitRequest,
  { use, keep }: { use: KeyUse | null; keep: () => void },
): Promise<SubmitOutcome> {
  const { database, intake, secrets } = deps;
  const { task, warnings } = await intake.prepare({ actor, door, body, options });
  const sealedSecrets = extraData ? secrets.seal(extraData) : null;
  const accepted = await intake.accept([{ ...task, batch: null, sealedSecrets }], {
    actor: actor.id,
    idempotency: use,
    batch: null,
    keep,
  });
  if (accepted.kind === 'repeated') {
    const taskId = await loadKeySubject<'task'>(database, actor.id, accepted.key);
    return replay(deps, actor, { taskId, warnings });
  }
  return { submitted: await intake.describe(accepted.first, warnings), replayed: false };
}

async function replay(
  { database, intake }: SubmitDeps,
  actor: Actor,
  { taskId, warnings }: { taskId: TaskId; warnings: TaskText[] },
): Promise<SubmitOutcome> {
  const row = await loadVisibleTask(database, visibleTo(actor), taskId);
  return { submitted: await intake.describe(row, warnings), replayed: true };
}

/** Reads what a rerun of a task runs: its stored graph, with stand-ins for files that were open when it ended. */
async function readAgain({ database, intake }: SubmitDeps, task: TaskRow) {
  const {
    excludedWorkers: _failed,
    minVramBytes: _more,
    openChoices,
    ...needs
  } = parseRequirements(task.requirements);
  const requested = { ...needs, excludedWorkers: [] };
  const graphText = await loadGraphText(database, task.graph_hash);
  const graph = parseSubmittedGraph(parseLosslessJson(graphText), intake.limits);
  const parameters = parseLosslessJson(task.parameters) as Record<string, unknown>;
  const stored = { graph, graphText, parameters, requested, warnings: [] as readonly TaskText[] };
  if (!openChoices) return stored;
  const { task_type: taskType, workflow_version_id: versionId } = task;
  const open = { graph, taskType, versionId: versionId ?? task.graph_hash, openChoices };
  const drawn = await intake.drawOpen(open, requested);
  if (!drawn) return { ...stored, requested: { ...requested, openChoices } };
  const values = { ...parameters, ...drawn.parameters };
  const { warnings } = drawn;
  return { ...stored, graphText: stringifyLosslessJson(graph), parameters: values, warnings };
}

/**
 * Whose task a rerun is, and the rules of whom bind it. Members run tasks of others as their own, in the same project; whoever may
 * see every task runs it for its owner. Own tasks of a project that the actor has left, or that is deleted, run again without it.
 */
function nameOwner(task: TaskRow, actor: Actor): { ownerId: PrincipalId; projectId: ProjectId | null } {
  if (changeableBy(actor).kind === 'all') return { ownerId: task.owner_id, projectId: task.project_id };
  const isMember = actor.projects.some(({ projectId }) => projectId === task.project_id);
  return { ownerId: actor.id, projectId: isMember ? readProject(actor, task.project_id) : null };
}

/** Runs the same graph, values and seed as a new task, checked against the current fleet; the old one keeps its results. */
export async function rerunTask(deps: SubmitDeps, task: TaskRow, actor: Actor): Promise<SubmitOutcome> {
  const { intake } = deps;
  // A right that was taken away does not come back with an old task.
  if (task.workflow_version_id === null && !actor.permissions.includes('graphs.run'))
    throw new AppError('GRAPH_NOT_GRANTED');
  const { graph, graphText, parameters, requested, warnings } = await readAgain(deps, task);
  const owner = { ...nameOwner(task, actor), workflow: task.workflow_name };
  const derived = await intake.derive(graph, requested, owner);
  const again: NewTask = {
    ownerId: owner.ownerId,
    projectId: owner.projectId,
    door: task.door,
    taskType: task.task_type,
    name: task.name,
    workflow: task.workflow_version_id
      ? {
          versionId: task.workflow_version_id,
          name: task.workflow_name ?? '',
          label: task.workflow_label ?? '',
        }
      : null,
    graphText,
    parameters,
    seed: task.seed,
    requirements: derived.requirements,
    priority: task.priority,
    timeoutMs: task.timeout_ms,
    maxAttempts: task.max_attempts,
    fileName: task.file_name,
    outputPath: task.output_path,
    heldReason: derived.heldReason,
    sealedSecrets: null,
    batch: null,
    warnings,
  };
  const accepted = await intake.admit(owner, 1, (keep) =>
    intake.accept([again], { actor: actor.id, idempotency: null, batch: null, keep }),
  );
  if (accepted.kind !== 'accepted') throw new AppError('INTERNAL', { reason: 'a re-run carries no key' });
  const allWarnings = [...warnings, ...derived.warnings];
  return { submitted: await intake.describe(accepted.first, allWarnings), replayed: false };
}
