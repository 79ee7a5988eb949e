import { type Graph, startTimeSlice } from '@comfleet/comfyui';
import type { Decision, Submitted } from '@comfleet/contract';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';
import { AppError } from '../../../platform/errors/app-error.ts';
import { shareInlineFiles } from '../../assets/file-source.ts';
import type { Engine } from '../../engine/engine.ts';
import type { LiveUpdateHub } from '../../events/live-updates.ts';
import { keepAskedFor } from '../../placement/needs.ts';
import { type Acceptance, type AcceptDeps, acceptTasks, type NewTask } from '../../tasks/accept-tasks.ts';
import type { Actor } from '../../tasks/actor.ts';
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
import { type AskedNeeds, type DerivedRequirements, deriveRequirements } from './derive-requirements.ts';
import { describeTask } from './describe-task.ts';
import { type PreparedSubmission, prepareSubmission, type SubmissionDeps } from './prepare-submission.ts';

/** How tasks come into being and are called off, whether alone or in a batch. */
export interface TaskIntake {
  /** People's say: `accept` runs when the actor may have that many more waiting. Throws QUOTA_EXCEEDED, and as `accept`. */
  admit<T>(actor: Actor, count: number, accept: () => Promise<T>): Promise<T>;
  /** From a request to a task that could be accepted. Throws as `prepareSubmission`. */
  prepare: Prepare;
  /** The same for the tasks of one batch, which store data that they share once. */
  prepareMany(): Prepare;
  readonly limits: GraphLimits;
  /** What a bound graph needs, and what the fleet makes of it now. Throws as `deriveRequirements`. */
  derive(graph: Graph, asked: AskedNeeds): Promise<DerivedRequirements>;
  /** Draws what stands in for the open files of a task, and writes it into its graph; null while no worker for it is known. */
  drawOpen(task: OpenTask, asked: Constraints): Promise<DrawnFiles | null>;
  /** Seed for items that share one. */
  drawSeed(): string;
  /** Makes tasks durable in one transaction; only then are they announced and handed to the engine. Throws IDEMPOTENCY_CONFLICT. */
  accept(tasks: readonly NewTask[], acceptance: Acceptance): Promise<Accepted>;
  /** A task as the answer to its submission shows it. */
  describe(task: TaskRow, warnings: TaskText[]): Promise<Submitted>;
  /** Waiting tasks end at once; running ones are stopped on their worker first, and never succeed any more. */
  cancel(task: TaskRow, actor: string): Promise<void>;
  /** A user's decision on a task that may have been paid for. Throws CONFLICT when it waits for none. */
  decide(task: TaskRow, actor: string, decision: Decision): Promise<void>;
}

export type Prepare = (request: Parameters<typeof prepareSubmission>[1]) => Promise<PreparedSubmission>;

export type Accepted =
  | { kind: 'accepted'; first: TaskRow }
  /** The key came before: `loadKeySubject` finds what it made. */
  | { kind: 'repeated'; key: KeyUse };

export interface IntakeDeps extends AcceptDeps {
  admission: <T>(actor: Actor, count: number, accept: () => Promise<T>) => Promise<T>;
  submission: SubmissionDeps;
  engine: Engine;
  live: LiveUpdateHub;
  journal: TaskJournal;
  secrets: Secrets;
}

export function createTaskIntake(deps: IntakeDeps): TaskIntake {
  const { engine, submission } = deps;
  return {
    admit: deps.admission,
    prepare: (request) => prepareSubmission(submission, request),
    derive: async (graph, asked) => {
      await submission.introduced();
      const { problems: maxProblems } = submission.limits;
      const fleet = { ...submission, maxProblems, slice: startTimeSlice(submission.clock) };
      return deriveRequirements(fleet, graph, asked);
    },
    drawOpen: (task, asked) => drawOpen(submission, task, asked),
    prepareMany: () => {
      const assets = shareInlineFiles(submission.assets);
      return (request) => prepareSubmission({ ...submission, assets }, request);
    },
    limits: submission.limits,
    drawSeed: submission.drawSeed,
    accept: async (tasks, acceptance) => {
      const outcome = await acceptTasks(deps, tasks, acceptance);
      if (outcome.kind === 'repeated') return outcome;
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

async function drawOpen(
  { introduced, inventories, standIns }: SubmissionDeps,
  task: OpenTask,
  asked: Constraints,
): Promise<DrawnFiles | null> {
  await introduced();
  const offers = keepAskedFor(inventories(), asked);
  return offers.length === 0 ? null : drawOpenChoices(task, offers, standIns);
}

/** It waits for no decision any more: with what it does instead. */
async function refuseDecision({ journal }: IntakeDeps, seen: TaskRow): Promise<AppError> {
  const task = (await journal.load(seen.id)) ?? seen;
  return new AppError('CONFLICT', { status: task.state, held_reason: task.held_reason });
}

/** After the commit only. */
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
