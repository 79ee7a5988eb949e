import type { RunningLimits } from '../flow/tasks/admission.ts';
import { DEFAULT_PRIORITY } from '../flow/workflows/settings.ts';
import type { WorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import type { FlowOptions } from './open-flow.ts';
import type { ConfigStore } from './settings.ts';

/** Converts the configuration to the options of flow; what can change at run time is a function. */
export function toFlowOptions(
  store: Pick<ConfigStore, 'current'>,
  library: WorkflowLibrary,
  running: RunningLimits,
): FlowOptions {
  const { inputDir, outputDir } = store.current.comfyui;
  const placement = () => store.current.placement;
  const taskTypeLimit = (taskType: string) => library.findTaskType(taskType)?.maxConcurrentTasks ?? null;
  return {
    inputDir,
    assetLimits: () => store.current.assetLimits,
    graphLimits: () => store.current.graphLimits,
    defaults: {
      priority: (taskType) => library.findTaskType(taskType)?.priority ?? DEFAULT_PRIORITY,
      timeoutMs: () => store.current.comfyui.timeoutMs,
      maxAttempts: () => placement().maxAttempts,
    },
    taskTypeLimit,
    retention: () => ({ ...store.current.retention, timeZone: store.current.timeZone }),
    engine: {
      outputDir,
      previewMethod: () => store.current.comfyui.previewMethod,
      paidReruns: () => store.current.comfyui.paidReruns,
      resultLimits: () => {
        const { resultBytes, taskResultBytes, resultFiles } = store.current.limits;
        return { maxFileBytes: resultBytes, maxTaskBytes: taskResultBytes, maxFiles: resultFiles };
      },
      offlineGraceMs: () => placement().offlineGraceMs,
      agingMs: () => placement().agingMs,
      rules: () => {
        const { strategy, bypass } = placement();
        return { strategy, bypass, typeLimit: taskTypeLimit, running };
      },
    },
  };
}
