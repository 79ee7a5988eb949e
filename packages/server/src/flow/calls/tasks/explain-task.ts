import type { Balancer, Placement, TaskId } from '@comfleet/contract';
import { toTaskSentence } from '@comfleet/contract/texts/tasks';
import type { TaskRow } from '../../../platform/database/schema.ts';
import { explainWaiting, type PlacedReasons } from '../../placement/explain.ts';
import type { Refusal } from '../../placement/needs.ts';
import type { Stages } from '../../stages.ts';
import type { OwnerFilter } from '../../tasks/actor.ts';
import { parseRequirements } from '../../tasks/requirements.ts';
import { findLastClaim, loadVisibleTask } from '../../tasks/task-queries.ts';
import { describeTask } from './describe-task.ts';
import { describeWait } from './describe-wait.ts';

type ExplainStages = Pick<Stages, 'database' | 'spine' | 'queue' | 'fleet' | 'clock'>;

/** Why a task waits, worker by worker, or why its newest attempt went where it did. Throws TASK_NOT_FOUND. */
export async function explainTask(stages: ExplainStages, owner: OwnerFilter, id: TaskId): Promise<Placement> {
  const { database, queue } = stages;
  const task = await loadVisibleTask(database, owner, id);
  const claim = await findLastClaim(database, task.id);
  const isWaiting = task.state === 'held' || task.state === 'queued';
  const position = queue.position(id);
  const waiting = isWaiting ? explainWait(stages, task, position) : null;
  const texts = [describeTask(task, position), ...(waiting ? [describeWait(waiting)] : [])];
  return {
    task_id: task.id,
    status: task.state,
    message: texts.map(toTaskSentence).join(' '),
    message_texts: texts,
    waiting,
    placed: claim && toPlaced(stages, claim),
  };
}

type Waiting = NonNullable<Placement['waiting']>;

function explainWait({ spine, clock }: ExplainStages, task: TaskRow, position: number | null): Waiting {
  const needs = parseRequirements(task.requirements);
  const lane = spine.board.findLane(task.lane);
  const reasons = explainWaiting(spine.board, { lane, needs }, spine.rules);
  const { passedSinceMs } = reasons;
  return {
    held_reason: task.held_reason,
    queue_position: position,
    task_type_full: reasons.typeFull,
    overtaken: reasons.overtaken,
    overtaken_limit: spine.rules.bypass.starts,
    passed_seconds: passedSinceMs === null ? null : Math.round(clock.monotonicMs() - passedSinceMs) / 1000,
    workers: reasons.workers.map(({ workerId, name, load, slots, hot, refusal }) => ({
      worker_id: workerId,
      name,
      load,
      slots,
      hot,
      reason: refusal?.reason ?? null,
      missing: readMissing(refusal),
    })),
  };
}

function readMissing(refusal: Refusal | null): string | null {
  return refusal && 'missing' in refusal ? refusal.missing : null;
}

function toPlaced(
  { fleet }: ExplainStages,
  claim: { at: number; workerId: string | null; placement: unknown },
): Placement['placed'] {
  // Written by this program only; attempts of older versions have none.
  const placement = claim.placement as PlacedReasons | undefined;
  if (!placement) return null;
  return {
    worker_id: claim.workerId,
    worker_name: claim.workerId === null ? null : (fleet.find(claim.workerId)?.name ?? null),
    at: new Date(claim.at).toISOString(),
    strategy: placement.strategy,
    ground: placement.ground,
    candidates: placement.candidates,
    scores: placement.scores.map(({ worker, score, load }) => ({ worker, score: [...score], load })),
    refused: { ...placement.refused },
  };
}

/** What the balancer did since the start, and what waits for it. */
export async function describeBalancer({ spine, queue, clock }: ExplainStages): Promise<Balancer> {
  const { board, rules } = spine;
  const toTime = (monotonicMs: number) =>
    new Date(clock.nowMs() - (clock.monotonicMs() - monotonicMs)).toISOString();
  const lanes = (await queue.lanes()).flatMap((key) => board.findLane(key) ?? []);
  return {
    strategy: rules.strategy,
    waiting: queue.size(),
    lanes: lanes.map((lane) => ({
      lane: lane.key,
      task_type: lane.needs.taskType,
      models: splitModels(lane.modelsKey),
      waiting: queue.count(lane.key),
      overtaken: lane.overtaken,
      workers: lane.serving.size,
      free_workers: lane.free.size,
    })),
    workers: [...board.workers.values()].map((worker) => ({
      worker_id: worker.facts.id,
      name: worker.facts.name,
      selections: worker.selections,
      last_selected_at: worker.lastChosenMs === null ? null : toTime(worker.lastChosenMs),
      load: worker.load,
      slots: worker.facts.slots,
      models: splitModels(worker.modelsKey ?? ''),
    })),
  };
}

function splitModels(modelsKey: string): string[] {
  return modelsKey === '' ? [] : modelsKey.split('|');
}
