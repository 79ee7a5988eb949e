import { type Graph, startTimeSlice } from '@comfleet/comfyui';
import type { Decision, Submitted } from '@comfleet/contract';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';
import { AppError } from '../../../platform/errors/app-error.ts';
import { shareInlineFiles } from '../../assets/file-source.ts';
import type { Engine } from '../../engine/engine.ts';
import type { LiveUpdateHub } from '../../events/live-updates.ts';
import { filterByConstraints } from '../../placement/needs.ts';
import { type Acceptance, type AcceptDeps, acceptTasks, type NewTask } from '../../tasks/accept-tasks.ts';
import type { Admission } from '../../tasks/admission.ts';
import type { KeyUse } from '../../tasks/idempotency-keys.ts';
import { planCancel } from '../../tasks/plan-cancel.ts';
import { planDecision } from '../../tasks/plan-decision.ts';
import type { Secrets } from '../../tasks/secrets.ts';
import type { TaskJournal } from '../../tasks/task-journal.ts';
import { isBatchPaused } from '../../tasks/task-queries.ts';
import type { TaskEventRow, TaskRow } from '../../tasks/task-tables.ts';
import { type DrawnFiles, drawOpenChoices, type OpenTask } from '../../workflows/open-choices.ts';
import type { GraphLimits } from '../../workflows/settings.ts';
import type { Constraints } from './check-fleet.ts';
import { type DerivedRequirements, deriveRequirements, type RequestedNeeds } from './derive-requirements.ts';
import { describeTask } from './describe-task.ts';
import { type PreparedSubmission, prepareSubmission, type SubmissionDeps } from './prepare-submission.ts';
import { type GraphOwner, refuseByPolicy } from './refuse-by-policy.ts';

/** Creates and cancels tasks, single ones and those of a batch. */
export interface TaskIntake {
  /** Runs `accept` if the quotas allow this many more tasks. Throws QUOTA_EXCEEDED, and as `accept`. */
  admit: Admission['tasks'];
  /** Turns a request into a task that can be accepted. Throws as `prepareSubmission`. */
  prepare: Prepare;
  /** The same for the tasks of one batch, which store shared data once. */
  prepareMany(): Prepare;
  readonly limits: GraphLimits;
  /** Checks a bound graph against the rules for graphs and the fleet. Throws POLICY_REFUSED, and as `deriveRequirements`. */
  derive(graph: Graph, requested: RequestedNeeds, owner: GraphOwner): Promise<DerivedRequirements>;
  /** Draws stand-ins for the open files of a task into its graph; null while no worker for it is known. */
  drawOpen(task: OpenTask, constraints: Constraints): Promise<DrawnFiles | null>;
  /** Draws a seed for items that share one. */
  drawSeed(): string;
  /** Stores tasks in one transaction; only then are they announced and passed to the engine. Throws IDEMPOTENCY_CONFLICT. */
  accept(tasks: readonly NewTask[], acceptance: Acceptance & Admitted): Promise<Accepted>;
  /** Describes a task in the answer to its submission. */
  describe(task: TaskRow, warnings: TaskText[]): Promise<Submitted>;
  /** Cancels a task. Waiting ones end at once; running ones are stopped on their worker first, and can no longer succeed. */
  cancel(task: TaskRow, actor: string): Promise<void>;
  /** Applies a user's decision on a task with paid nodes. Throws CONFLICT when it waits for none. */
  decide(task: TaskRow, actor: string, decision: Decision): Promise<void>;
}

/** What an acceptance tells the quotas. */
export interface Admitted {
  /** The tasks are stored and count. */
  keep: () => void;
}

export type Prepare = (request: Parameters<typeof prepareSubmission>[1]) => Promise<PreparedSubmission>;

export type Accepted =
  | { kind: 'accepted'; first: TaskRow }
  /** The key was used before: `loadKeySubject` finds what it created. */
  | { kind: 'repeated'; key: KeyUse };

export interface IntakeDeps extends AcceptDeps {
  admission: Pick<Admission, 'tasks'>;
  submission: SubmissionDeps;
  engine: Engine;
  live: LiveUpdateHub;
  journal: TaskJournal;
  secrets: Secrets;
}

export function createTaskIntake(deps: IntakeDeps): TaskIntake {
  const { engine, submission } = deps;
  return {
    admit: (of, count, accept) => deps.admission.tasks(of, count, accept),
    prepare: (request) => prepareSubmission(submission, request),
    derive: (graph, requested, owner) => derive(submission, { graph, requested, owner }),
    drawOpen: (task, constraints) => drawOpen(submission, task, constraints),
    prepareMany: () => {
      const assets = shareInlineFiles(submission.assets);
      return (request) => prepareSubmission({ ...submission, assets }, request);
    },
    get limits() {
      return submission.limits;
    },
    drawSeed: submission.drawSeed,
    accept: async (tasks, acceptance) => {
      const outcome = await acceptTasks(deps, tasks, acceptance);
      if (outcome.kind === 'repeated') return outcome;
      acceptance.keep();
      await announce(deps, outcome);
      await engine.enqueue(outcome.tasks);
      const [first] = outcome.tasks;
      if (!first) throw new AppError('INTERNAL', { reason: 'nothing was accepted' });
      return { kind: 'accepted', first };
    },
    describe: async (task, warnings) => {
      const outlook = (await engine.outlook([task])).get(task.id);
      const position = outlook?.position ?? null;
      const text = describeTask(task, position);
      return {
        task_id: task.id,
        status: task.state,
        message: toTaskSentence(text),
        message_text: text,
        estimated_time: outlook?.secondsLeft ?? null,
        queue_position: position,
        warnings: warnings.map(toTaskSentence),
        warning_texts: warnings,
      };
    },
    cancel: async (task, actor) => {
      const canceled = await deps.journal.change(task.id, planCancel(actor, deps.secrets), task);
      if (!canceled) return;
      const id = task.id;
      if (canceled.state === 'running') await engine.cancelRunning(id);
      else await engine.drop([id]);
    },
    decide: async (task, actor, decision) => {
      const { database, journal, secrets } = deps;
      const isPaused = await isBatchPaused(database, task);
      const writesAtEnd = (row: TaskRow) => secrets.writesAtEnd(row);
      const plan = planDecision({ decision, actor, isBatchPaused: isPaused, writesAtEnd });
      const decided = await journal.change(task.id, plan);
      if (!decided) throw await refuseDecision(deps, task);
      await engine.enqueue([decided]);
    },
  };
}

async function derive(
  submission: SubmissionDeps,
  { graph, requested, owner }: { graph: Graph; requested: RequestedNeeds; owner: GraphOwner },
): Promise<DerivedRequirements> {
  await submission.introduced();
  const { problems: maxProblems } = submission.limits;
  const fleet = { ...submission, maxProblems, slice: startTimeSlice(submission.clock) };
  await refuseByPolicy(fleet, graph, { owner, constraints: requested });
  return deriveRequirements(fleet, graph, requested);
}

async function drawOpen(
  { introduced, inventories, standIns }: SubmissionDeps,
  task: OpenTask,
  constraints: Constraints,
): Promise<DrawnFiles | null> {
  await introduced();
  const offers = filterByConstraints(inventories(), constraints);
  return offers.length === 0 ? null : drawOpenChoices(task, offers, standIns);
}

/** Error for a task that no longer waits for a decision, with its current state. */
async function refuseDecision({ journal }: IntakeDeps, seen: TaskRow): Promise<AppError> {
  const task = (await journal.load(seen.id)) ?? seen;
  return new AppError('CONFLICT', { status: task.state, held_reason: task.held_reason });
}

/** Announces tasks; only after their commit. */
async function announce(
  { live, clock }: IntakeDeps,
  { tasks, events }: { tasks: readonly TaskRow[]; events: readonly TaskEventRow[] },
): Promise<void> {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const slice = startTimeSlice(clock);
  for (const event of events) {
    await slice.yieldIfSpent();
    const task = byId.get(event.task_id);
    if (task) live.reportEvent(task, event);
  }
}
