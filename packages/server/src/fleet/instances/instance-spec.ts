import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { plainText } from '@comfleet/contract';
import type { Programs } from '../../platform/process/programs.ts';
import { refuseInstance } from './refuse-instance.ts';

/** A ComfyUI to start and supervise. */
export interface InstanceSpec {
  /** Identifies it across restarts; also the worker's name. */
  name: string;
  /** ComfyUI's installation (COMFYUI_REPO_PATH). */
  folder: string;
  /** Python (COMFYUI_PYTHON), a path or a program on PATH; null: the folder's own environment, else python3. */
  interpreter?: string | null;
  /** Script inside the folder; default main.py. */
  entry?: string;
  /** Default 127.0.0.1: ComfyUI has no login. */
  listen?: string;
  /** Arguments after the script, such as --cpu. */
  extraArgs?: readonly string[];
  /** Folder for models, custom_nodes, input, output and user; default: the installation. */
  baseDirectory?: string | null;
  /** Added to the child's environment. */
  environment?: Readonly<Record<string, string>>;
  maxConcurrent?: number;
}

/** A spec whose files exist and can be executed. */
export interface CheckedInstanceSpec {
  readonly name: string;
  readonly folder: string;
  readonly interpreter: string;
  readonly entry: string;
  readonly listen: string;
  readonly extraArgs: readonly string[];
  readonly baseDirectory: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly maxConcurrent: number | undefined;
}

interface Surroundings {
  programs: Programs;
  environment: Readonly<Record<string, string | undefined>>;
}

/** Checks folder, script and interpreter before a start. Throws INSTANCE_CONFIG naming the field. */
export async function checkInstanceSpec(
  spec: InstanceSpec,
  surroundings: Surroundings,
): Promise<CheckedInstanceSpec> {
  const folder = resolve(spec.folder);
  if (!(await isFolder(folder)))
    throw refuseInstance('repo_path', spec.folder, plainText('instance.no_folder'));
  const entry = spec.entry ?? 'main.py';
  if (!(await isFile(resolve(folder, entry)))) {
    throw refuseInstance('repo_path', spec.folder, { code: 'instance.no_entry', params: { entry } });
  }
  const base = spec.baseDirectory ?? null;
  if (base !== null && !(await isFolder(base)))
    throw refuseInstance('base_dir', base, plainText('instance.no_folder'));
  return {
    name: spec.name,
    folder,
    interpreter: await findInterpreter(spec.interpreter ?? null, folder, surroundings),
    entry,
    listen: spec.listen ?? '127.0.0.1',
    extraArgs: [...(spec.extraArgs ?? [])],
    baseDirectory: base === null ? null : resolve(base),
    environment: { ...spec.environment },
    maxConcurrent: spec.maxConcurrent,
  };
}

async function findInterpreter(
  given: string | null,
  folder: string,
  { programs, environment }: Surroundings,
): Promise<string> {
  const problem = given === null ? null : programs.findStartProblem(given);
  if (given !== null && problem !== null) throw refuseInstance('python', given, plainText(problem));
  if (given !== null && (isAbsolute(given) || /[\\/]/.test(given))) {
    const path = resolve(given);
    if (await isExecutable(path)) return path;
    throw refuseInstance('python', given, plainText('instance.not_executable'));
  }
  const own = given === null ? programs.ownPythons.map((path) => join(folder, path)) : [];
  const name = given ?? programs.python;
  for (const path of [...own, ...programs.listOnPath(name, environment)]) {
    if (await isExecutable(path)) return path;
  }
  throw refuseInstance('python', name, plainText('instance.not_found'));
}

async function isFolder(path: string): Promise<boolean> {
  return (await find(path))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await find(path))?.isFile() ?? false;
}

async function isExecutable(path: string): Promise<boolean> {
  if (!(await isFile(path))) return false;
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false; // not executable for us
  }
}

async function find(path: string): Promise<Awaited<ReturnType<typeof stat>> | null> {
  try {
    return await stat(path);
  } catch {
    return null; // absent, or not readable: for the user both mean the same
  }
}
