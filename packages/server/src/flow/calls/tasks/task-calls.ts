import type {
  Attempt,
  Decision,
  Placement,
  StreamFrame,
  Task,
  TaskDetail,
  TaskEvent,
  TaskId,
} from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { Engine } from '../../engine/engine.ts';
import type { LiveUpdates } from '../../events/live-updates.ts';
import type { FlowTables } from '../../flow-tables.ts';
import type { Actor } from '../../ownership/actor.ts';
import { visibleTo } from '../../ownership/owner-filter.ts';
import { loadGraphText } from '../../tasks/graph-texts.ts';
import type { Secrets } from '../../tasks/secrets.ts';
import { loadChangeableTask, loadVisibleTask, type TaskSelection } from '../../tasks/task-queries.ts';
import { checkTask, type DebugCheck, listPending, type PendingTask } from './debugging.ts';
import { explainTask } from './explain-task.ts';
import type { SubmitOutcome, SubmitRequest } from './prepare-submission.ts';
import { rerunTask, submitTask } from './submit-tasks.ts';
import type { TaskIntake } from './task-intake.ts';
import type { TaskViews } from './task-views.ts';
import { watchOwn, watchTask } from './watching.ts';

export type { TaskSelection as TaskFilter } from '../../tasks/task-queries.ts';

/**
 * What doors may ask about tasks. A task of someone else looks unknown: TASK_NOT_FOUND. Viewers of its project see it, but get
 * PROJECT_READ_ONLY for each change.
 */
export interface TaskCalls {
  submit(request: SubmitRequest): Promise<SubmitOutcome>;
  load(actor: Actor, id: TaskId): Promise<TaskDetail>;
  list(
    actor: Actor,
    filter: TaskSelection,
  ): Promise<{ tasks: Task[]; total: number; nextCursor: string | null }>;
  cancel(actor: Actor, id: TaskId): Promise<TaskDetail>;
  /** Decides whether a task with paid nodes is sent again. Throws CONFLICT when it does not wait for a decision. */
  decide(actor: Actor, id: TaskId, decision: Decision): Promise<TaskDetail>;
  /** Runs the same graph, values and seed as a new task. */
  retry(actor: Actor, id: TaskId): Promise<SubmitOutcome>;
  /** The executed graph's JSON text, numbers as written. */
  loadGraphText(actor: Actor, id: TaskId): Promise<string>;
  loadEvents(actor: Actor, id: TaskId, after: number): Promise<TaskEvent[]>;
  /** Lists the attempts of a task, oldest first. */
  listAttempts(actor: Actor, id: TaskId): Promise<Attempt[]>;
  /** Explains why a task waits, or why it runs where it does. */
  explain(actor: Actor, id: TaskId): Promise<Placement>;
  /** Snapshot (or the events after `after`), then live frames; ends after the terminal event or when `signal` aborts. */
  watch(actor: Actor, id: TaskId, after: number | null, signal: AbortSignal): AsyncIterable<StreamFrame>;
  /** The actor's waiting and running tasks, then everything that happens to its tasks. */
  watchOwn(actor: Actor, signal: AbortSignal): AsyncIterable<StreamFrame>;
  /** Lists open tasks and where they are now. */
  listPending(actor: Actor): Promise<PendingTask[]>;
  /** Looks one task up on its worker now, by its id or its prompt's. */
  check(actor: Actor, taskOrPromptId: string): Promise<DebugCheck>;
}

export interface TaskCallsDeps {
  database: Database<FlowTables>;
  fleet: WorkerRegistry;
  clock: Clock;
  engine: Engine;
  live: LiveUpdates;
  secrets: Secrets;
  views: TaskViews;
  intake: TaskIntake;
}

export function createTaskCalls(deps: TaskCallsDeps): TaskCalls {
  const { database, views, intake } = deps;
  const loadRow = (actor: Actor, id: TaskId) => loadVisibleTask(database, visibleTo(actor), id);
  return {
    submit: (request) => submitTask(deps, request),
    load: (actor, id) => views.loadDetail(visibleTo(actor), id),
    list: (actor, filter) => views.list(visibleTo(actor), filter),
    cancel: async (actor, id) => {
      await intake.cancel(await loadChangeableTask(database, actor, id), actor.id);
      return views.loadDetail(visibleTo(actor), id);
    },
    decide: async (actor, id, decision) => {
      await intake.decide(await loadChangeableTask(database, actor, id), actor.id, decision);
      return views.loadDetail(visibleTo(actor), id);
    },
    retry: async (actor, id) => rerunTask(deps, await loadChangeableTask(database, actor, id), actor),
    loadGraphText: async (actor, id) => loadGraphText(database, (await loadRow(actor, id)).graph_hash),
    loadEvents: (actor, id, after) => views.loadEvents(visibleTo(actor), id, after),
    listAttempts: (actor, id) => views.listAttempts(visibleTo(actor), id),
    explain: (actor, id) => explainTask(deps, visibleTo(actor), id),
    watch: (actor, id, after, signal) => watchTask(deps, visibleTo(actor), id, { after, signal }),
    watchOwn: (actor, signal) => watchOwn(deps, visibleTo(actor), signal),
    listPending: (actor) => listPending(deps, visibleTo(actor)),
    check: (actor, id) => checkTask(deps, visibleTo(actor), id),
  };
}
