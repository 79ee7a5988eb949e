import type { Balancing } from '../flow/calls/placement/balancing.ts';
import type { RunningLimits } from '../flow/tasks/admission.ts';
import { DEFAULT_PRIORITY } from '../flow/workflows/settings.ts';
import type { WorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import type { FlowOptions } from './open-flow.ts';
import type { ConfigStore } from './settings.ts';

/** Converts the configuration to the options of flow; what can change at run time is a function. */
export function toFlowOptions(
  store: Pick<ConfigStore, 'current'>,
  balancing: Balancing,
  library: WorkflowLibrary,
  running: RunningLimits,
): FlowOptions {
  const config = store.current;
  const { comfyui, limits, retention, placement } = config;
  const taskTypeLimit = (taskType: string) => library.findTaskType(taskType)?.maxConcurrentTasks ?? null;
  return {
    inputDir: comfyui.inputDir,
    assetLimits: config.assetLimits,
    graphLimits: config.graphLimits,
    defaults: {
      priority: (taskType) => library.findTaskType(taskType)?.priority ?? DEFAULT_PRIORITY,
      timeoutMs: comfyui.timeoutMs,
      maxAttempts: placement.maxAttempts,
    },
    taskTypeLimit,
    retention: { ...retention, timeZone: config.timeZone },
    engine: {
      outputDir: comfyui.outputDir,
      previewMethod: comfyui.previewMethod,
      paidReruns: () => store.current.comfyui.paidReruns,
      maxFileBytes: limits.resultBytes,
      maxTaskBytes: limits.taskResultBytes,
      maxFiles: limits.resultFiles,
      offlineGraceMs: placement.offlineGraceMs,
      agingMs: () => balancing.agingMs,
      rules: () => ({
        strategy: balancing.strategy,
        bypass: balancing.bypass,
        typeLimit: taskTypeLimit,
        running,
      }),
    },
  };
}
