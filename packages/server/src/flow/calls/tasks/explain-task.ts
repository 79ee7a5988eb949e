import type { Placement, TaskId, WorkerId, WorkerTrouble } from '@comfleet/contract';
import { toTaskSentence } from '@comfleet/contract/texts/tasks';
import { adviseRecovery, hideMachine } from '../../../fleet/workers/health/recovery-advice.ts';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Engine, WaitReasons } from '../../engine/engine.ts';
import type { FlowTables } from '../../flow-tables.ts';
import type { OwnerFilter } from '../../ownership/owner-filter.ts';
import type { PlacedReasons } from '../../placement/explain.ts';
import type { Refusal } from '../../placement/needs.ts';
import { findLastClaim, loadVisibleTask } from '../../tasks/task-queries.ts';
import type { TaskRow } from '../../tasks/task-tables.ts';
import { describeTask } from './describe-task.ts';
import { describeAway, describeWait } from './describe-wait.ts';

export interface ExplainDeps {
  database: Database<FlowTables>;
  fleet: Pick<WorkerRegistry, 'find'>;
  engine: Pick<Engine, 'outlook' | 'explain'>;
}

/** Explains for each worker why a task waits, or why its latest attempt was placed where it was. Throws TASK_NOT_FOUND. */
export async function explainTask(
  { database, fleet, engine }: ExplainDeps,
  owner: OwnerFilter,
  id: TaskId,
): Promise<Placement> {
  const task = await loadVisibleTask(database, owner, id);
  const claim = await findLastClaim(database, task.id);
  const isWaiting = task.state === 'held' || task.state === 'queued';
  const position = (await engine.outlook([task])).get(id)?.position ?? null;
  const waiting = isWaiting ? toWaiting({ fleet, owner }, task, position, await engine.explain(task)) : null;
  const away = waiting && describeAway(waiting);
  const texts = [
    describeTask(task, position),
    ...(waiting ? [describeWait(waiting)] : []),
    ...(away ? [away] : []),
  ];
  return {
    task_id: task.id,
    status: task.state,
    message: texts.map(toTaskSentence).join(' '),
    message_texts: texts,
    waiting,
    placed: claim && toPlaced({ fleet, owner }, claim, task.state === 'running'),
  };
}

/** The workers, and whose view of them. */
type Fleet = Pick<ExplainDeps, 'fleet'> & { owner: OwnerFilter };
type Waiting = NonNullable<Placement['waiting']>;

function toWaiting(
  view: Fleet,
  { held_reason: heldReason }: TaskRow,
  position: number | null,
  reasons: WaitReasons,
): Waiting {
  const { passedMs } = reasons;
  return {
    held_reason: heldReason,
    queue_position: position,
    task_type_full: reasons.full === 'task_type',
    full: reasons.full,
    overtaken: reasons.overtaken,
    overtaken_limit: reasons.overtakenLimit,
    passed_seconds: passedMs === null ? null : Math.round(passedMs) / 1000,
    workers: reasons.workers.map(({ workerId, name, load, slots, hot, refusal }) => ({
      worker_id: workerId,
      name,
      load,
      slots,
      hot,
      reason: refusal?.reason ?? null,
      missing: readMissing(refusal),
      trouble: findTrouble(view, workerId),
    })),
  };
}

/** What is wrong with a worker, since when, and what is being done about it. */
function findTrouble({ fleet, owner }: Fleet, workerId: WorkerId): WorkerTrouble | null {
  const recovery = fleet.find(workerId)?.snapshot().recovery ?? null;
  if (recovery === null) return null;
  const [problem, step] = adviseRecovery(recovery);
  const texts = [owner.kind === 'all' ? problem : hideMachine(problem), step];
  return { since: new Date(recovery.sinceMs).toISOString(), texts };
}

function readMissing(refusal: Refusal | null): string | null {
  return refusal && 'missing' in refusal ? refusal.missing : null;
}

function toPlaced(
  view: Fleet,
  claim: { at: number; workerId: WorkerId | null; placement: unknown },
  isRunning: boolean,
): Placement['placed'] {
  // Only this program writes it; attempts of older versions have none.
  const placement = claim.placement as PlacedReasons | undefined;
  if (!placement) return null;
  return {
    worker_id: claim.workerId,
    worker_name: claim.workerId === null ? null : (view.fleet.find(claim.workerId)?.name ?? null),
    trouble: isRunning && claim.workerId !== null ? findTrouble(view, claim.workerId) : null,
    at: new Date(claim.at).toISOString(),
    strategy: placement.strategy,
    ground: placement.ground,
    candidates: placement.candidates,
    scores: placement.scores.map(({ worker, score, load }) => ({ worker, score: [...score], load })),
    refused: { ...placement.refused },
  };
}
