import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where a real ComfyUI lies and the Python that runs it, or why tests against one are skipped. */
export type RealComfyui =
  | { readonly repoPath: string; readonly python: string; readonly missing?: undefined }
  | { readonly missing: string };

/** The real ComfyUI named by COMFYUI_REPO_PATH and COMFYUI_PYTHON (default python3). */
export function findRealComfyui(): RealComfyui {
  const repoPath = process.env.COMFYUI_REPO_PATH;
  if (!repoPath) return { missing: 'needs a real ComfyUI: COMFYUI_REPO_PATH is not set' };
  if (!existsSync(join(repoPath, 'main.py'))) {
    return { missing: `needs a real ComfyUI: no main.py in COMFYUI_REPO_PATH (${repoPath})` };
  }
  return { repoPath, python: process.env.COMFYUI_PYTHON ?? 'python3' };
}
