import { join } from 'node:path';
import { z } from 'zod';
import { path, seconds } from '../../platform/config/fields.ts';
import type { AssetLimits } from './assets.ts';

/** In the `comfyui` block. */
export const assetFolders = {
  output_dir: path('Folder for readable copies of results; default data_dir/outputs.').optional(),
  output_access: z
    .enum(['private', 'group', 'everyone'])
    .default('private')
    .describe(
      'Who on this machine may read new copies of results; all other stored data can be read only by the user that runs the server.',
    ),
  input_dir: path('Folder whose files image parameters may name; default data_dir/input.').optional(),
};

/** In the `limits` block. */
export const assetLimits = {
  upload_bytes: z
    .int()
    .min(1024)
    .default(10_485_760)
    .describe('Largest picture that the native API accepts.'),
  asset_bytes: z.int().min(1024).default(52_428_800).describe('Largest file that any API accepts.'),
  result_bytes: z
    .int()
    .min(1024)
    .default(8 * 1024 ** 3)
    .describe(
      'Largest result file. A larger one is left out with a warning; if the task has no other result, it fails.',
    ),
  task_result_bytes: z
    .int()
    .min(0)
    .default(64 * 1024 ** 3)
    .describe(
      'Largest total size of the results of a task. A file that does not fit is left out with a warning; if the task has no other result, it fails. 0 means no limit.',
    ),
  result_files: z
    .int()
    .min(1)
    .nullable()
    .default(20_000)
    .describe(
      'Maximum number of results of a task; the rest is left out with a warning. null allows up to 25,000.',
    ),
};
type RawLimits = z.infer<z.ZodObject<typeof assetLimits>>;

/** The `retention` block. */
export const retentionSchema = z.strictObject({
  tasks_seconds: seconds()
    .default(7_776_000)
    .describe('How long ended tasks and their events are kept; 90 days.'),
  outputs_seconds: seconds()
    .nullable()
    .default(null)
    .describe('How long result files are kept; null keeps them until they are deleted.'),
  uploads_seconds: seconds()
    .default(604_800)
    .describe('How long uploads that no task uses are kept; 7 days.'),
});
type RawRetention = z.infer<typeof retentionSchema>;

/** Decompression bombs are refused by their header; larger pictures than these are none that people make. */
const PICTURE_LIMITS = { maxSide: 16_384, maxPixels: 64_000_000, maxFrames: 500 };

export interface RetentionSettings {
  readonly tasksMs: number;
  /** Null: until deleted. */
  readonly outputsMs: number | null;
  readonly uploadsMs: number;
}

/** Permissions of what others may read. */
export interface FileModes {
  readonly folder: number;
  readonly file: number;
}

const OUTPUT_MODES = {
  /** As everything that the process makes. */
  private: null,
  group: { folder: 0o750, file: 0o640 },
  everyone: { folder: 0o755, file: 0o644 },
} as const satisfies Record<string, FileModes | null>;

interface AssetFolders {
  readonly outputDir: string;
  /** Of the copies in it; null: the user's alone. */
  readonly outputModes: FileModes | null;
  readonly inputDir: string;
}

export function compileAssetFolders(
  raw: z.infer<z.ZodObject<typeof assetFolders>>,
  dataDir: string,
): AssetFolders {
  return {
    outputModes: OUTPUT_MODES[raw.output_access],
    outputDir: raw.output_dir ?? join(dataDir, 'outputs'),
    inputDir: raw.input_dir ?? join(dataDir, 'input'),
  };
}

/** The limits as doors announce them. */
export function compileFileLimits(raw: RawLimits) {
  return {
    uploadBytes: raw.upload_bytes,
    assetBytes: raw.asset_bytes,
    resultBytes: raw.result_bytes,
    /** Null: as many as there are. */
    taskResultBytes: raw.task_result_bytes === 0 ? null : raw.task_result_bytes,
    resultFiles: raw.result_files,
  };
}

/** The same as the store of assets takes them. */
export function compileAssetLimits(raw: RawLimits, retention: RawRetention): AssetLimits {
  return {
    ...PICTURE_LIMITS,
    pictureBytes: raw.upload_bytes,
    fileBytes: raw.asset_bytes,
    uploadLifeMs: retention.uploads_seconds * 1000,
  };
}

export function compileRetention(raw: RawRetention): RetentionSettings {
  return {
    tasksMs: raw.tasks_seconds * 1000,
    outputsMs: raw.outputs_seconds === null ? null : raw.outputs_seconds * 1000,
    uploadsMs: raw.uploads_seconds * 1000,
  };
}
