import type { Assets } from '../flow/assets/assets.ts';
import { type AssetCalls, createAssetCalls } from '../flow/calls/assets/asset-calls.ts';
import { type BatchCalls, createBatchCalls } from '../flow/calls/batches/batch-calls.ts';
import {
  createPerformanceCalls,
  type PerformanceCalls,
} from '../flow/calls/performance/performance-calls.ts';
import { createStatisticsCalls, type StatisticsCalls } from '../flow/calls/statistics/statistics-calls.ts';
import { openIntroductions } from '../flow/calls/tasks/introductions.ts';
import type { KnownOffers } from '../flow/calls/tasks/known-inventories.ts';
import { createTaskCalls, type TaskCalls } from '../flow/calls/tasks/task-calls.ts';
import { createTaskIntake } from '../flow/calls/tasks/task-intake.ts';
import { TaskViews } from '../flow/calls/tasks/task-views.ts';
import { createWorkflowCalls, type WorkflowCalls } from '../flow/calls/workflows/workflow-calls.ts';
import type { Engine } from '../flow/engine/engine.ts';
import type { LiveUpdateHub } from '../flow/events/live-updates.ts';
import { TaskPerformance } from '../flow/performance/task-performance.ts';
import { createAcceptanceOrder } from '../flow/tasks/accept-tasks.ts';
import { createLaneKey, type TaskRequirements, toStoredLane } from '../flow/tasks/requirements.ts';
import type { TaskJournal } from '../flow/tasks/task-journal.ts';
import { drawSeed } from '../flow/workflows/draw-seed.ts';
import type { StandIns } from '../flow/workflows/stand-ins.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { FlowDeps, FlowOptions } from './open-flow.ts';

/** What doors may call, one service per resource; a door takes those that it uses. */
export interface Calls {
  tasks: TaskCalls;
  batches: BatchCalls;
  assets: AssetCalls;
  workflows: WorkflowCalls;
  statistics: StatisticsCalls;
  performance: PerformanceCalls;
}

interface CallsDeps extends FlowDeps, KnownOffers {
  engine: Engine;
  journal: TaskJournal;
  live: LiveUpdateHub;
  assets: Assets;
  standIns: StandIns;
}

const SEED_BYTES = 7;

/** Opens the services of doors over an engine. */
export function openCalls(scope: Scope, deps: CallsDeps, options: FlowOptions): Calls {
  const { fleet, library, assets, random, inventories, resolver, standIns } = deps;
  const { defaults, taskTypeLimit, assetLimits, graphLimits } = options;
  const draw = () => drawSeed(random.bytes(SEED_BYTES));
  const views = new TaskViews(deps);
  const { timeZone } = options.retention();
  const performance = new TaskPerformance({ db: deps.database, clock: deps.clock, timeZone });
  const laneOf = (requirements: TaskRequirements) => {
    const resolved = resolver().resolve(requirements);
    return toStoredLane(createLaneKey(resolved.needs, resolved.kinds), resolved.needs);
  };
  const intake = createTaskIntake({
    ...deps,
    laneOf,
    nextSeq: createAcceptanceOrder(),
    submission: {
      library,
      assets,
      policies: deps.policies,
      inventories,
      resolver,
      introduced: openIntroductions(scope, deps),
      workers: () => fleet.list(),
      drawSeed: draw,
      standIns,
      defaults,
      get limits() {
        return graphLimits();
      },
      clock: deps.clock,
    },
  });
  return {
    tasks: createTaskCalls({ ...deps, views, intake }),
    batches: createBatchCalls({ ...deps, views, intake }),
    assets: createAssetCalls({ ...deps, uploadLifeMs: () => assetLimits().uploadLifeMs }),
    workflows: createWorkflowCalls({
      ...deps,
      drawSeed: draw,
      typeSettings: (taskType) => ({
        priority: defaults.priority(taskType),
        maxConcurrent: taskTypeLimit(taskType),
      }),
    }),
    statistics: createStatisticsCalls(deps),
    performance: createPerformanceCalls(deps.database, { performance, zone: timeZone }),
  };
}
