import { ASSET_LIMITS } from '../flow/assets/assets.ts';
import type { Balancing } from '../flow/calls/placement/balancing.ts';
import type { WorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import type { Config } from '../platform/config/config.ts';
import type { FlowOptions } from './open-flow.ts';

const DEFAULT_PRIORITY = 5;
const MAX_RESULT_BYTES = 8 * 1024 ** 3;
const MAX_RESULT_FILES = 500;
const OFFLINE_GRACE_MS = 5000;

/** The configuration as the path of a task takes it; what can change while it runs is a function. */
export function toFlowOptions(config: Config, balancing: Balancing, library: WorkflowLibrary): FlowOptions {
  const { comfyui, limits, retention, placement } = config;
  const taskTypeLimit = (taskType: string) => library.findTaskType(taskType)?.maxConcurrentTasks ?? null;
  return {
    inputDir: comfyui.inputDir,
    assetLimits: {
      ...ASSET_LIMITS,
      pictureBytes: limits.uploadBytes,
      fileBytes: limits.assetBytes,
      uploadLifeMs: retention.uploadsMs,
    },
    defaults: {
      priority: (taskType) => library.findTaskType(taskType)?.priority ?? DEFAULT_PRIORITY,
      timeoutMs: comfyui.timeoutMs,
      maxAttempts: placement.maxAttempts,
    },
    taskTypeLimit,
    retention,
    engine: {
      outputDir: comfyui.outputDir,
      maxFileBytes: MAX_RESULT_BYTES,
      maxFiles: MAX_RESULT_FILES,
      offlineGraceMs: OFFLINE_GRACE_MS,
      agingMs: () => balancing.agingMs,
      rules: () => ({
        strategy: balancing.strategy,
        bypass: balancing.bypass,
        typeLimit: taskTypeLimit,
      }),
    },
  };
}
