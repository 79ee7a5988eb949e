import type { Choice, OfferedChoices } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';

/** A value that a task chooses from a list. */
export interface NeededChoice extends Choice {
  /** A model file, which the worker must have. Any other choice only decides which worker is tried first. */
  readonly isFile?: true;
}

/** A model file: its name with `/`, and the folder that lists it; null if no worker has it. */
export interface ModelFile {
  readonly folder: string | null;
  readonly name: string;
}

/** What a task needs of a worker; its hash identifies the lane. */
export interface Needs {
  readonly taskType: string;
  readonly classTypes: readonly string[];
  /** Model files among its choices; a worker that has them loaded is preferred. */
  readonly models: readonly ModelFile[];
  /** Absent for tasks of older versions, whose files are looked up in the listings; null while no worker is known. */
  readonly choices?: readonly NeededChoice[] | null;
  /** The worker must have all of them. */
  readonly labels?: readonly string[];
  /** Bytes of memory that the first device should have; a worker with less is taken only if no other is online. */
  readonly minVramBytes?: number;
  /** Bytes of its largest input file: the worker must accept a request of that size. */
  readonly inputBytes?: number;
  /** Names or ids; if there are any, no other worker is taken. */
  readonly pinnedWorkers?: readonly string[];
  /** Ids of workers on which this task failed; avoided while another capable worker is online. */
  readonly excludedWorkers: readonly string[];
}

/** What a worker can run, as far as known. */
export interface Capabilities {
  /** Task types that it accepts; empty means all. */
  readonly capabilities: readonly string[];
  readonly labels: readonly string[];
  /** Null until its inventory was loaded once; until then it can run nothing. */
  readonly classTypes: ReadonlySet<string> | null;
  /** Folder → names with `/`. */
  readonly models: ReadonlyMap<string, ReadonlySet<string>> | null;
  /** Choices that its node classes offer. */
  readonly choices?: OfferedChoices | null;
  /** Largest request body, bytes; null when it does not report one. */
  readonly maxUploadBytes: number | null;
  /** Memory of its first device, bytes; 0 when unknown. */
  readonly vramBytes: number;
}

export type WorkerState =
  | 'online'
  | 'offline'
  | 'error'
  | 'maintenance'
  | 'draining'
  | 'disabled'
  | 'adopting';

/** A worker as placement sees it at one moment; the board keeps its load. */
export interface WorkerFacts extends Capabilities {
  readonly id: WorkerId;
  readonly name: string;
  /** `adopting`: attempts of an earlier process are still being recovered on it. */
  readonly state: WorkerState;
  readonly simulated: boolean;
  /** Backups are taken only while no capable primary worker is online. */
  readonly group: 'primary' | 'backup';
  /** For `weighted`: its chance relative to others. */
  readonly weight: number;
  /** For `priority_based` and `weighted`: 1 … 10, 10 preferred. */
  readonly priority: number;
  /** How many prompts of ours it may have now; below its maximum during a slow start. */
  readonly slots: number;
}

/** Why a worker cannot run a task at all, whatever its load. */
export type Missing =
  | { reason: 'no_inventory' }
  | { reason: 'task_type' | 'label' | 'class_type' | 'model'; missing: string }
  | { reason: 'upload_limit'; missing: string }
  | { reason: 'not_pinned' };

/** Why a worker does not take a task now. */
export type Refusal =
  | Missing
  /** Others list a choice that it does not: they are tried first. */
  | { reason: 'choice'; missing: string }
  | {
      reason:
        | Exclude<WorkerState, 'online'>
        | 'full'
        | 'suspect'
        | 'failed_here'
        | 'vram'
        | 'backup'
        | 'simulated_beside_real'
        | 'cold';
    };

/** What keeps a worker from running a task, load and health aside; null when it can. */
export function findMissing(worker: Capabilities, needs: Needs): Missing | null {
  return findMissingKind(worker, needs) ?? findMissingInventory(worker, needs);
}

/** True when a worker can run a task, load and health aside, and the task may run on it. */
export function canRun(worker: WorkerFacts, needs: Needs): boolean {
  return meetsConstraints(worker, needs) && findMissing(worker, needs) === null;
}

/** What identifies a worker to a task with constraints. */
export type NamedWorker = Pick<WorkerFacts, 'id' | 'name' | 'labels'>;

/** True when the task's constraints on name, id and labels allow this worker. */
export function meetsConstraints(
  worker: NamedWorker,
  needs: Pick<Needs, 'labels' | 'pinnedWorkers'>,
): boolean {
  return !isPinnedElsewhere(worker, needs) && findLackingLabel(worker, needs) === undefined;
}

/** Keeps the offers of workers that the task may run on; returns the same array when it has no constraints. */
export function filterByConstraints<T extends { readonly workers: readonly NamedWorker[] }>(
  known: readonly T[],
  constraints: Pick<Needs, 'labels' | 'pinnedWorkers'>,
): readonly T[] {
  if (hasNoConstraints(constraints)) return known;
  return known.filter(({ workers }) => workers.some((worker) => meetsConstraints(worker, constraints)));
}

/** True when any worker may run the task. */
export function hasNoConstraints({
  labels = [],
  pinnedWorkers = [],
}: Pick<Needs, 'labels' | 'pinnedWorkers'>): boolean {
  return labels.length === 0 && pinnedWorkers.length === 0;
}

/** True when the task names its workers, and this is none of them. */
export function isPinnedElsewhere(
  { id, name }: Pick<WorkerFacts, 'id' | 'name'>,
  { pinnedWorkers: pinned = [] }: Pick<Needs, 'pinnedWorkers'>,
): boolean {
  return pinned.length > 0 && !pinned.includes(id) && !pinned.includes(name);
}

function findMissingKind(worker: Capabilities, needs: Needs): Missing | null {
  if (worker.capabilities.length > 0 && !worker.capabilities.includes(needs.taskType))
    return { reason: 'task_type', missing: needs.taskType };
  const label = findLackingLabel(worker, needs);
  return label === undefined ? null : { reason: 'label', missing: label };
}

function findLackingLabel(
  worker: Pick<Capabilities, 'labels'>,
  needs: Pick<Needs, 'labels'>,
): string | undefined {
  return needs.labels?.find((wanted) => !worker.labels.includes(wanted));
}

function findMissingInventory(worker: Capabilities, needs: Needs): Missing | null {
  const { classTypes, models } = worker;
  if (!classTypes || !models) return { reason: 'no_inventory' };
  for (const classType of needs.classTypes)
    if (!classTypes.has(classType)) return { reason: 'class_type', missing: classType };
  const model = needs.choices ? findMissingFile(worker, needs) : findUnlisted(models, needs);
  if (model) return { reason: 'model', missing: nameModel(model) };
  const { inputBytes = 0 } = needs;
  const isTooLarge = worker.maxUploadBytes !== null && worker.maxUploadBytes < inputBytes;
  return isTooLarge ? { reason: 'upload_limit', missing: `${inputBytes} bytes` } : null;
}

function findMissingFile({ choices }: Capabilities, needs: Needs): ModelFile | null {
  const lacking = needs.choices?.find((choice) => choice.isFile && choices?.takes(choice) === false);
  if (!lacking) return null;
  return needs.models.find(({ name }) => name === lacking.value) ?? { folder: null, name: lacking.value };
}

/** For tasks of older versions, which name files by folder; a worker may list only some folders. */
function findUnlisted(
  listed: NonNullable<Capabilities['models']>,
  { models }: Pick<Needs, 'models'>,
): ModelFile | null {
  const lacks = ({ folder, name }: ModelFile) => folder !== null && listed.get(folder)?.has(name) === false;
  return models.find(lacks) ?? null;
}

/** Choices that are not files and that the worker does not list: it may accept them all the same. */
export function listDoubts({ choices }: Pick<Capabilities, 'choices'>, needs: Needs): NeededChoice[] {
  if (!choices) return [];
  return (needs.choices ?? []).filter((choice) => !choice.isFile && !choices.takes(choice));
}

/** A choice as text for users. */
export function nameChoice({ classType, inputName, value }: NeededChoice): string {
  return `${classType}.${inputName}: ${value}`;
}

function nameModel({ folder, name }: ModelFile): string {
  return folder === null ? name : `${folder}/${name}`;
}

/** Folders whose files are small compared to a checkpoint: changing one of them is no model switch. */
const LIGHT_FOLDERS = new Set([
  'loras',
  'embeddings',
  'vae',
  'vae_approx',
  'upscale_models',
  'configs',
  'style_models',
]);

/** Key of the models that a worker must have loaded to be hot for a task; empty when it needs none. */
export function toModelsKey({ models }: Pick<Needs, 'models'>): string {
  return models
    .filter(({ folder }) => folder === null || !LIGHT_FOLDERS.has(folder))
    .map(nameModel)
    .sort()
    .join('|');
}
