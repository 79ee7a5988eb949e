import type { Submitted, TaskId } from '@comfleet/contract';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';
import type { TaskEventRow, TaskRow } from '../../../platform/database/schema.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import { createTurns } from '../../../platform/lifecycle/turns.ts';
import type { SubmitOutcome, SubmitRequest } from '../../flow.ts';
import type { Stages } from '../../stages.ts';
import { acceptTasks, findKeySubject, loadGraphText, type NewTask } from '../../tasks/accept-tasks.ts';
import type { Actor } from '../../tasks/actor.ts';
import { planCancel } from '../../tasks/plan-cancel.ts';
import { parseRequirements } from '../../tasks/requirements.ts';
import { loadVisibleTask } from '../../tasks/task-queries.ts';
import { describeTask } from './describe-task.ts';
import { prepareSubmission, type SubmissionDeps } from './submission.ts';

/** Admission, binding, one durable transaction; only then is the task announced and put into its lane. */
export async function submitTask(
  stages: Stages,
  deps: SubmissionDeps,
  request: SubmitRequest,
): Promise<SubmitOutcome> {
  const { actor, door, body, options, extraData, idempotency } = request;
  // A key that is used decides before anything else: a repetition is no new task for limits or validation.
  const known = idempotency && (await findKeySubject(stages.database, actor.id, { door, ...idempotency }));
  if (known) return replay(stages, actor, { subjectId: known, warnings: [] });
  await stages.admission(actor, 1);
  const { task, warnings } = await prepareSubmission(deps, { ownerId: actor.id, door, body, options });
  const sealedSecrets = extraData ? stages.secrets.seal(extraData) : null;
  const outcome = await acceptTasks(stages, [{ ...task, batch: null, sealedSecrets }], {
    actor: actor.id,
    idempotency: idempotency ? { door, ...idempotency } : null,
    batch: null,
  });
  if (outcome.kind === 'repeated') return replay(stages, actor, { subjectId: outcome.subjectId, warnings });
  return { submitted: await enterAccepted(stages, outcome, warnings), replayed: false };
}

async function replay(
  stages: Stages,
  actor: Actor,
  { subjectId, warnings }: { subjectId: string; warnings: TaskText[] },
): Promise<SubmitOutcome> {
  const row = await loadVisibleTask(stages.database, stages.visibleTo(actor), subjectId as TaskId);
  return { submitted: toSubmitted(stages, row, warnings), replayed: true };
}

/** After the commit only: watchers hear of it and the task waits in its lane. */
export async function enterAccepted(
  stages: Stages,
  { tasks, events }: { tasks: readonly TaskRow[]; events: readonly TaskEventRow[] },
  warnings: TaskText[],
): Promise<Submitted> {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const turns = createTurns(stages.clock);
  for (const event of events) {
    await turns.next();
    const task = byId.get(event.task_id);
    if (!task) continue;
    const address = { taskId: task.id as TaskId, ownerId: task.owner_id, batchId: task.batch_id };
    stages.hub.publish({ kind: 'event', ...address, event });
  }
  for (const task of tasks) {
    if (task.state === 'held') stages.held.add(task.id);
    await stages.spine.enter(task);
    stages.estimates.noteForecast(task.id, stages.forecasts.forecast(task));
    await turns.next();
  }
  // A worker may have told what it has between the judgement and the commit.
  const isHeldInVain =
    tasks.some((task) => task.state === 'held') && stages.fleet.knownInventories().length > 0;
  if (isHeldInVain) await stages.spine.held.review();
  const [first] = tasks;
  if (!first) throw new AppError('INTERNAL', { reason: 'nothing was accepted' });
  return toSubmitted(stages, first, warnings);
}

function toSubmitted({ queue, forecasts }: Stages, task: TaskRow, warnings: TaskText[]): Submitted {
  const position = task.state === 'queued' ? queue.position(task.id as TaskId) : null;
  const text = describeTask(task, position);
  return {
    task_id: task.id,
    status: task.state,
    message: toTaskSentence(text),
    message_text: text,
    estimated_time: forecasts.secondsLeft(forecasts.forecast(task)),
    queue_position: position,
    warnings: warnings.map(toTaskSentence),
    warning_texts: warnings,
  };
}

/** Waiting tasks are canceled at once; running ones are stopped on their worker first, and never succeed any more. */
export async function cancelTask(stages: Stages, task: TaskRow, actor: string): Promise<void> {
  const canceled = await stages.journal.change(task.id, planCancel(actor, stages.secrets), task);
  if (!canceled) return;
  if (canceled.state === 'running') stages.spine.dispatcher.stop(task.id, 'canceled');
  else await stages.queue.drop(task.id as TaskId);
}

/** The same graph, values and seed again as a new task; the old one keeps its results. */
export async function rerunTask(stages: Stages, task: TaskRow, actor: Actor): Promise<SubmitOutcome> {
  await stages.admission(actor, 1);
  const again: NewTask = {
    ownerId: task.owner_id,
    projectId: task.project_id,
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
    graphText: await loadGraphText(stages.database, task.graph_hash),
    parameters: JSON.parse(task.parameters),
    seed: task.seed,
    requirements: { ...parseRequirements(task.requirements), excludedWorkers: [], minVramBytes: undefined },
    priority: task.priority,
    timeoutMs: task.timeout_ms,
    maxAttempts: task.max_attempts,
    fileName: task.file_name,
    outputPath: task.output_path,
    heldReason: null,
    sealedSecrets: null,
    batch: null,
  };
  const outcome = await acceptTasks(stages, [again], { actor: actor.id, idempotency: null, batch: null });
  if (outcome.kind !== 'accepted') throw new AppError('INTERNAL', { reason: 'a re-run carries no key' });
  return { submitted: await enterAccepted(stages, outcome, []), replayed: false };
}
