import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A real ComfyUI and the Python that runs it. */
export interface FoundComfyui {
  readonly repoPath: string;
  readonly python: string;
  /** The model paths file of ComfyUI's own tests, which adds nodes such as TestSleep. */
  readonly testNodes: string;
  readonly missing?: undefined;
}

/** Where a real ComfyUI is, or why tests against one are skipped. */
export type RealComfyui = FoundComfyui | { readonly missing: string };

/** The real ComfyUI named by COMFYUI_REPO_PATH and COMFYUI_PYTHON (default python3). */
export function findRealComfyui(): RealComfyui {
  const repoPath = process.env.COMFYUI_REPO_PATH;
  if (!repoPath) return { missing: 'needs a real ComfyUI: COMFYUI_REPO_PATH is not set' };
  if (!existsSync(join(repoPath, 'main.py'))) {
    return { missing: `needs a real ComfyUI: no main.py in COMFYUI_REPO_PATH (${repoPath})` };
  }
  return {
    repoPath,
    python: process.env.COMFYUI_PYTHON ?? 'python3',
    testNodes: join(repoPath, 'tests', 'execution', 'extra_model_paths.yaml'),
  };
}

/** A reason to skip that names the first of these files that the ComfyUI lacks. */
export function findMissingFile(real: RealComfyui, paths: readonly string[]): string | undefined {
  if (real.missing !== undefined) return real.missing;
  const absent = paths.find((path) => !existsSync(join(real.repoPath, path)));
  return absent === undefined ? undefined : `needs ${absent} in COMFYUI_REPO_PATH (${real.repoPath})`;
}

/** Why tests of this version's nodes and responses are skipped on the installed ComfyUI. */
export function findOtherVersion(real: RealComfyui, needed: string): string | undefined {
  if (real.missing !== undefined) return real.missing;
  const file = join(real.repoPath, 'comfyui_version.py');
  const isThere = existsSync(file) && readFileSync(file, 'utf8').includes(`"${needed}"`);
  return isThere ? undefined : `needs ComfyUI ${needed} in COMFYUI_REPO_PATH (${real.repoPath})`;
}
