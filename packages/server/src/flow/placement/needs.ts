import type { Choice, OfferedChoices } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';

/** A value that a task picks from a list. */
export interface NeededChoice extends Choice {
  /** A file of models: it is not sent to a worker that lacks it. Any other choice only says which worker is tried first. */
  readonly isFile?: true;
}

/** A file of models by its name with `/`, and the folder in whose listing it stands; null where none of the fleet has it. */
export interface ModelFile {
  readonly folder: string | null;
  readonly name: string;
}

/** What a task needs of a worker; hashed, it is the task's lane. */
export interface Needs {
  readonly taskType: string;
  readonly classTypes: readonly string[];
  /** The files among its choices: a worker that has them loaded is preferred. */
  readonly models: readonly ModelFile[];
  /** Absent for tasks of older versions, whose files are looked for in the listings; null while no worker is known. */
  readonly choices?: readonly NeededChoice[] | null;
  /** The worker must carry all of them. */
  readonly labels?: readonly string[];
  /** Bytes of memory its first device should have: less is taken only where no other worker is there. */
  readonly minVramBytes?: number;
  /** Its largest input file, bytes: the worker must take a request of that size. */
  readonly inputBytes?: number;
  /** Names or ids; when there are any, no other worker is taken. */
  readonly pinnedWorkers?: readonly string[];
  /** Ids of workers on which this task failed: avoided while another capable one is there. */
  readonly excludedWorkers: readonly string[];
}

/** What a worker can run, as far as it is known. */
export interface Capabilities {
  /** Task types it takes; empty means all. */
  readonly capabilities: readonly string[];
  readonly labels: readonly string[];
  /** Null until its inventory was read once: then it can take nothing. */
  readonly classTypes: ReadonlySet<string> | null;
  /** Folder → names with `/`. */
  readonly models: ReadonlyMap<string, ReadonlySet<string>> | null;
  /** What its classes offer to choose from. */
  readonly choices?: OfferedChoices | null;
  /** Largest request body, bytes; null when it does not say. */
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

/** A worker as placement sees it at one moment; its load is kept by the board. */
export interface WorkerFacts extends Capabilities {
  readonly id: WorkerId;
  readonly name: string;
  /** `adopting`: prompts of an earlier process are still looked for on it. */
  readonly state: WorkerState;
  readonly simulated: boolean;
  /** Backups are taken only while no primary worker that could run the task is online. */
  readonly group: 'primary' | 'backup';
  /** For `weighted`: its chance beside others. */
  readonly weight: number;
  /** For `priority_based` and `weighted`: 1 … 10, 10 preferred. */
  readonly priority: number;
  /** Prompts of ours it may have now; less than its maximum while it comes back slowly. */
  readonly slots: number;
}

/** Why a worker cannot run something at all, whatever it does now. */
export type Missing =
  | { reason: 'no_inventory' }
  | { reason: 'task_type' | 'label' | 'class_type' | 'model'; missing: string }
  | { reason: 'upload_limit'; missing: string }
  | { reason: 'not_pinned' };

/** Why a worker does not take a task now. */
export type Refusal =
  | Missing
  /** Others list what it does not: they are tried first. */
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

/** Whether a worker could ever run this as it is known now; load and health apart. Null when it can. */
export function findMissing(worker: Capabilities, needs: Needs): Missing | null {
  return findMissingKind(worker, needs) ?? findMissingInventory(worker, needs);
}

/** Whether a worker could ever run this as it is known now, and is one that the task may run on. */
export function canRun(worker: WorkerFacts, needs: Needs): boolean {
  return isAskedFor(worker, needs) && findMissing(worker, needs) === null;
}

/** Who a worker is to a task that asks for single ones. */
export type NamedWorker = Pick<WorkerFacts, 'id' | 'name' | 'labels'>;

/** True when the worker is one that the task asks for by name, id or labels; any worker is, when it asks for none. */
export function isAskedFor(worker: NamedWorker, needs: Pick<Needs, 'labels' | 'pinnedWorkers'>): boolean {
  return !isPinnedElsewhere(worker, needs) && findLackingLabel(worker, needs) === undefined;
}

/** Those of what is known that some worker has that the task may run on; the very list when it asks for none. */
export function keepAskedFor<T extends { readonly workers: readonly NamedWorker[] }>(
  known: readonly T[],
  asked: Pick<Needs, 'labels' | 'pinnedWorkers'>,
): readonly T[] {
  if (asksForNone(asked)) return known;
  return known.filter(({ workers }) => workers.some((worker) => isAskedFor(worker, asked)));
}

/** True when any worker may run the task. */
export function asksForNone({
  labels = [],
  pinnedWorkers = [],
}: Pick<Needs, 'labels' | 'pinnedWorkers'>): boolean {
  return labels.length === 0 && pinnedWorkers.length === 0;
}

/** True when the task may run only on workers it names, and this is none of them. */
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

/** As older versions read a graph: by folders, of which a worker may list only some. */
function findUnlisted(
  listed: NonNullable<Capabilities['models']>,
  { models }: Pick<Needs, 'models'>,
): ModelFile | null {
  const lacks = ({ folder, name }: ModelFile) => folder !== null && listed.get(folder)?.has(name) === false;
  return models.find(lacks) ?? null;
}

/** Choices that the worker does not list and that are no files: it may take them all the same. */
export function listDoubts({ choices }: Pick<Capabilities, 'choices'>, needs: Needs): NeededChoice[] {
  if (!choices) return [];
  return (needs.choices ?? []).filter((choice) => !choice.isFile && !choices.takes(choice));
}

/** A choice in words for people. */
export function nameChoice({ classType, inputName, value }: NeededChoice): string {
  return `${classType}.${inputName}: ${value}`;
}

function nameModel({ folder, name }: ModelFile): string {
  return folder === null ? name : `${folder}/${name}`;
}

/** Folders whose files are small beside a checkpoint: changing one of them is no switch. */
const LIGHT_FOLDERS = new Set([
  'loras',
  'embeddings',
  'vae',
  'vae_approx',
  'upscale_models',
  'configs',
  'style_models',
]);

/** The models that a worker must have loaded to be hot for a task; empty when it needs none. */
export function toModelsKey({ models }: Pick<Needs, 'models'>): string {
  return models
    .filter(({ folder }) => folder === null || !LIGHT_FOLDERS.has(folder))
    .map(nameModel)
    .sort()
    .join('|');
}
