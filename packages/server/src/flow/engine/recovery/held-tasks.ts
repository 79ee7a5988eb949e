import {
  type Graph,
  parseGraph,
  parseLosslessJson,
  startTimeSlice,
  stringifyLosslessJson,
} from '@comfleet/comfyui';
import type { TaskId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database, Write } from '../../../platform/database/database.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { RetryDecision } from '../../execution/retry-budget.ts';
import {
  canRun,
  filterByConstraints,
  listDoubts,
  meetsConstraints,
  type NamedWorker,
  type Needs,
  type WorkerFacts,
} from '../../placement/needs.ts';
import type { PlacementBoard } from '../../placement/placement-board.ts';
import { readNeeds } from '../../placement/read-needs.ts';
import { hashGraph, loadGraphText, writeGraph } from '../../tasks/graph-texts.ts';
import { parseRequirements, type TaskRequirements } from '../../tasks/requirements.ts';
import type { TaskChange } from '../../tasks/task-change.ts';
import type { TaskJournal } from '../../tasks/task-journal.ts';
import { isBatchPaused, loadDueTasks, streamWaitingTasks } from '../../tasks/task-queries.ts';
import { writeBinding, writeTaskWarnings } from '../../tasks/task-rows.ts';
import type { TaskRow, TaskTables } from '../../tasks/task-tables.ts';
import type { ModelOffer } from '../../workflows/model-choices.ts';
import { type DrawnFiles, drawOpenChoices } from '../../workflows/open-choices.ts';
import type { StandIns } from '../../workflows/stand-ins.ts';
import type { TaskLanes } from '../task-lanes.ts';

/** How long a task with a choice that no worker lists waits for workers that have not reported their choices yet. */
const ARRIVAL_MS = 10_000;

export interface HeldDeps {
  fleet: Pick<WorkerRegistry, 'list'>;
  database: Database<TaskTables>;
  journal: TaskJournal;
  clock: Clock;
  board: PlacementBoard;
  lanes: TaskLanes;
  /** Everything the fleet is known to offer, including offline workers. */
  inventories: () => readonly KnownOffer[];
  standIns: StandIns;
  /** Puts a released task into its lane. */
  enter: (task: TaskRow) => Promise<void>;
  /** Whether a task whose delay is over may be retried now (P10). */
  mayRetry: (taskId: TaskId) => RetryDecision;
}

/** True for a task that is held until a worker that can run it becomes known. */
function isHeldForWorker({ held_reason: reason }: Pick<TaskRow, 'held_reason'>): boolean {
  return reason === 'no_worker_known' || reason === 'no_worker_capable';
}

export type KnownOffer = ModelOffer & { readonly workers: readonly NamedWorker[] };

type StoredLane = NonNullable<TaskChange['lane']>;

/** A held task, resolved against the fleet as it is known now. */
interface Reading {
  lane: StoredLane;
  /** Stand-ins drawn for open files, and their writes; null when none was drawn. */
  drawn: { bound: NonNullable<TaskChange['bound']>; writes: Write[] } | null;
  /** Its stand-ins cannot be drawn yet: no worker that it may run on is known. */
  isOpen: boolean;
}

function keepOpen(
  { stored, requirements }: StoredLane,
  openChoices: TaskRequirements['openChoices'],
): StoredLane {
  return { stored, requirements: JSON.stringify({ ...parseRequirements(requirements), openChoices }) };
}

/** Held tasks: they wait in SQL with a reason, outside the lanes, until they are released. */
export class HeldTasks {
  readonly #deps: HeldDeps;

  constructor(deps: HeldDeps) {
    this.#deps = deps;
  }

  /** Releases tasks whose delay is over. */
  async releaseDue(): Promise<void> {
    const { database } = this.#deps;
    for (const task of await loadDueTasks(database, database.nowMs())) {
      const decision = this.#deps.mayRetry(task.id);
      if (decision.kind === 'go') await this.release(task);
      else await this.#waitLonger(task, decision.delayMs);
    }
  }

  /** Delays a retry that exceeds the fleet's retry budget. */
  async #waitLonger(task: TaskRow, delayMs: number): Promise<void> {
    const dueAtMs = this.#deps.database.nowMs() + delayMs;
    const details = { reason: 'retry_budget' };
    const wait: TaskChange = { type: 'task.held', heldReason: 'retry_delay', dueAtMs, details };
    await this.#deps.journal.change(
      task.id,
      (row) => (row.state === 'held' ? { changes: [wait] } : null),
      task,
    );
  }

  /** Releases a held task into its lane; while its batch is paused it stays held for that reason. */
  async release(task: TaskRow): Promise<void> {
    const paused = await isBatchPaused(this.#deps.database, task);
    if (paused && task.held_reason === 'batch_paused') return;
    const { lane, drawn, isOpen } = await this.#read(task);
    const settled = { lane, ...(drawn && { bound: drawn.bound }) };
    const change: TaskChange = isOpen
      ? { type: 'task.held', heldReason: 'no_worker_known' }
      : paused
        ? { type: 'task.held', heldReason: 'batch_paused', ...settled }
        : { type: 'task.queued', ...settled };
    const released = await this.#deps.journal.change(
      task.id,
      (row) => (row.state === 'held' ? { changes: [change], writes: drawn?.writes ?? [] } : null),
      task,
    );
    if (released) await this.#deps.enter(released);
  }

  /** Holds a requeued task whose batch was paused in the meantime. Returns true if it did. */
  async holdWithBatch(task: TaskRow): Promise<boolean> {
    const { database, journal } = this.#deps;
    if (!(await isBatchPaused(database, task))) return false;
    const hold: TaskChange = { type: 'task.held', heldReason: 'batch_paused' };
    await journal.change(task.id, (row) => (row.state === 'queued' ? { changes: [hold] } : null), task);
    return true;
  }

  /** Reviews every task that is held for lack of a worker. */
  async review(): Promise<void> {
    if (this.#listKnown().length === 0) return;
    const { database, journal, clock } = this.#deps;
    const slice = startTimeSlice(clock);
    for await (const waiting of streamWaitingTasks(database, 'held')) {
      await slice.yieldIfSpent();
      const task = isHeldForWorker(waiting) ? await journal.load(waiting.id) : null;
      if (task) await this.reviewTask(task);
    }
  }

  /**
   * Releases a task that is held for lack of a worker, once a worker is known that can run it. Otherwise updates the reason: no
   * worker that it may run on is known, or none of these has what it needs.
   */
  async reviewTask(task: TaskRow): Promise<void> {
    if (!isHeldForWorker(task)) return;
    const requirements = parseRequirements(task.requirements);
    const known = this.#listKnown().filter((facts) => meetsConstraints(facts, requirements));
    if (known.length === 0) return;
    const { lane, drawn } = await this.#read(task);
    const { needs } = this.#deps.lanes.find(lane.requirements);
    const able = known.filter((facts) => canRun(facts, needs));
    // Open choices stay open while the task is held.
    const hold = requirements.openChoices ? { lane: keepOpen(lane, requirements.openChoices) } : { lane };
    // Another worker may soon report an open file.
    const isListed = drawn === null && able.some((facts) => listDoubts(facts, needs).length === 0);
    if (isListed || (able.length > 0 && !this.#isExpected(needs))) await this.release(task);
    else if (able.length > 0)
      await this.#holdIncapable(task, { ...hold, dueAtMs: this.#deps.database.nowMs() + ARRIVAL_MS });
    else if (task.held_reason === 'no_worker_known') await this.#holdIncapable(task, hold);
  }

  /** Workers with a known inventory of a kind that every lane was matched against. */
  #listKnown(): WorkerFacts[] {
    const workers = [...this.#deps.board.workers.values()];
    return workers.flatMap(({ facts }) => (facts.classTypes === null ? [] : [facts]));
  }

  /** True while a worker that the task may run on has yet to report its inventory. */
  #isExpected(needs: Needs): boolean {
    return this.#deps.fleet
      .list()
      .some(
        (worker) =>
          worker.enabled &&
          worker.inventory === null &&
          (worker.health === 'unknown' || worker.health === 'online') &&
          meetsConstraints(worker, needs),
      );
  }

  /** Holds the task because no worker is capable. A due time, once set, stays: the task is released then at the latest. */
  async #holdIncapable({ id }: TaskRow, details: { lane: StoredLane; dueAtMs?: number }): Promise<void> {
    const hold: TaskChange = { type: 'task.held', heldReason: 'no_worker_capable', ...details };
    const isHeld = (row: TaskRow) => row.state === 'held' && row.due_at === null;
    await this.#deps.journal.change(id, (row) => (isHeld(row) ? { changes: [hold] } : null));
  }

  /**
   * Resolves a task's choices once a worker that it may run on is known. Stand-ins for its open files are drawn at the same time,
   * and again at each review until the task is released.
   */
  async #read(task: TaskRow): Promise<Reading> {
    const { database, lanes, inventories } = this.#deps;
    const { openChoices = [], ...requirements } = parseRequirements(task.requirements);
    const offers = filterByConstraints(inventories(), requirements);
    const isOpen = openChoices.length > 0 && offers.length === 0;
    const stored = lanes.find(task.requirements).stored;
    const asStored: Reading = { lane: { stored, requirements: task.requirements }, drawn: null, isOpen };
    const isRead = requirements.choices !== null && openChoices.length === 0;
    if (isRead || isOpen || lanes.kinds.length === 0) return asStored;
    const parsed = parseGraph(parseLosslessJson(await loadGraphText(database, task.graph_hash)));
    if (!parsed.ok) return asStored;
    const { graph } = parsed;
    const { task_type: taskType, workflow_version_id: versionId } = task;
    const open = { graph, taskType, versionId: versionId ?? task.graph_hash, openChoices };
    const drawn = drawOpenChoices(open, offers, this.#deps.standIns);
    const isBound = (nodeId: string, inputName: string) =>
      requirements.inputs.some((input) => input.nodeId === nodeId && input.inputName === inputName);
    const lane = lanes.derive({ ...requirements, ...readNeeds(graph, lanes.kinds, isBound) });
    return {
      lane: { stored: lane.stored, requirements: JSON.stringify(lane.needs) },
      drawn: drawn.warnings.length > 0 ? this.#toWrites(task, graph, drawn) : null,
      isOpen: false,
    };
  }

  /** The writes of a release: the graph with its stand-ins, their binding, and the warnings about them. */
  #toWrites(task: TaskRow, graph: Graph, { parameters, warnings }: DrawnFiles): Reading['drawn'] {
    const { database } = this.#deps;
    const atMs = database.nowMs();
    const text = stringifyLosslessJson(graph);
    const hash = hashGraph(text);
    const given = parseLosslessJson(task.parameters) as Record<string, unknown>;
    const bound = { graphHash: hash, parameters: stringifyLosslessJson({ ...given, ...parameters }) };
    const row = { id: task.id, graph_hash: hash, parameters: bound.parameters };
    const writes = [
      writeGraph(database, { hash, text, atMs }),
      writeBinding(database.k, row),
      writeTaskWarnings(database.k, { task_id: task.id, source: 'binding', warnings, at: atMs }),
    ];
    return { bound, writes };
  }
}
