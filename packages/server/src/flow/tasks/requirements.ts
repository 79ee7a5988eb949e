import { createHash } from 'node:crypto';
import type { Choice, ModelKind } from '@comfleet/comfyui';
import type { AssetId } from '@comfleet/contract';

/** A graph input that names a file of ours, bound to an asset when the task was accepted. */
export interface BoundInput {
  nodeId: string;
  inputName: string;
  assetId: AssetId;
}

/** A file that a workflow names and its task did not ask for: one of this kind stands in where no worker has it. */
export interface OpenChoice {
  parameter: string;
  modelKind: ModelKind;
  /** The inputs of the graph that name it. */
  targets: readonly { nodeId: string; inputName: string }[];
}

/** What a task needs of a worker, as stored with it. */
export interface TaskRequirements {
  taskType: string;
  classTypes: readonly string[];
  /** The files of models among its choices, as the fleet was known when it was accepted. */
  models: readonly { folder: string | null; name: string }[];
  /**
   * What its graph picks from lists. Null while no worker was known whose lists it could be held against; absent from tasks of
   * older versions, which named files by folder only.
   */
  choices?: readonly (Choice & { isFile?: true })[] | null;
  inputs: readonly BoundInput[];
  /** Bytes of the largest request that brings an input to the worker, rounded up; 0 without inputs. */
  inputBytes: number;
  /** Workers to avoid while another capable one exists. */
  excludedWorkers: readonly string[];
  /** Classes of nodes that cost money and feed an output; absent: none is known. Not part of the lane. */
  paidClasses?: readonly string[];
  /** Classes that would cost money, of nodes that feed no output. Not part of the lane. */
  idlePaidClasses?: readonly string[];
  /** The worker must carry all of them; absent: any. */
  labels?: readonly string[];
  /** Names or ids of the only workers that may run it; absent: any. */
  pinnedWorkers?: readonly string[];
  /** Bytes of memory its worker's first device should have: more than the one that ran out of it had. */
  minVramBytes?: number;
  /** A running prompt that makes no progress for this long counts as hung; absent: never. Not part of the lane. */
  silenceLimitMs?: number;
  /** Its time limit is the usual one: it counts from the last sign of progress, not from the start. Not part of the lane. */
  limitsSilence?: true;
  /** A worker that takes only a part of the graph must not run it. Not part of the lane. */
  allOrNothing?: true;
  /** Decided when it is let go; absent: all were, when it was accepted. Such a task is held. Not part of the lane. */
  openChoices?: readonly OpenChoice[];
}

/** Reads the stored form; written by this program only, by earlier versions without `inputBytes` and `choices`. */
export function parseRequirements(text: string): TaskRequirements {
  const stored = JSON.parse(text) as TaskRequirements;
  return { ...stored, inputBytes: stored.inputBytes ?? 0 };
}

/** Whether an input of a graph is one of these; made once, as a graph and its files may be large. */
export function createInputSet(
  inputs: readonly Pick<BoundInput, 'nodeId' | 'inputName'>[],
): (nodeId: string, inputName: string) => boolean {
  const keys = new Set(inputs.map(({ nodeId, inputName }) => JSON.stringify([nodeId, inputName])));
  return (nodeId, inputName) => keys.size > 0 && keys.has(JSON.stringify([nodeId, inputName]));
}

const MEBIBYTE = 1024 ** 2;
/** Names and boundaries of the multipart form around a file. */
const FORM_BYTES = 1024;

/**
 * What a worker must let in to be given these files: the largest one in its form, in whole MiB. ComfyUI's limits are whole MiB
 * too, so nothing that fits is refused, and a lane is not made for every size.
 */
export function toInputBytes(fileSizes: readonly number[]): number {
  if (fileSizes.length === 0) return 0;
  return Math.ceil((Math.max(...fileSizes) + FORM_BYTES) / MEBIBYTE) * MEBIBYTE;
}

/** After a try ran out of memory: more than that worker has, when one of the others has it. Bytes; 0 is unknown. */
export function askForMoreVram(
  needs: TaskRequirements,
  failedBytes: number,
  othersBytes: readonly number[],
): TaskRequirements {
  const hasLarger = failedBytes > 0 && othersBytes.some((bytes) => bytes > failedBytes);
  return hasLarger ? { ...needs, minVramBytes: failedBytes + 1 } : needs;
}

/**
 * The lane of a task: tasks with equal keys can be served by the same workers. `kinds` names the kinds of workers that can run
 * it. The first half says which models it takes, whoever can run it.
 */
export function createLaneKey(requirements: TaskRequirements, kinds: readonly string[]): string {
  const { taskType, models, inputBytes, excludedWorkers, minVramBytes } = requirements;
  const { labels = [], pinnedWorkers = [] } = requirements;
  const where = [
    [...kinds].sort(),
    [...excludedWorkers].sort(),
    minVramBytes ?? 0,
    inputBytes,
    [...labels].sort(),
    [...pinnedWorkers].sort(),
  ];
  return hash([taskType, listModels(models)]) + hash(where);
}

/** What is stored as a task's lane: its key, and behind it what work it is, down to its classes, for estimates. */
export function toStoredLane(key: string, { taskType, classTypes, models }: TaskRequirements): string {
  return key + hash([taskType, [...new Set(classTypes)].sort(), listModels(models)]);
}

/**
 * Reads what is stored as a lane: `models` is equal for tasks of one type with equal models, `work` for those with equal
 * classes too; it is empty for tasks of older versions.
 */
export function readStoredLane(lane: string): { models: string; work: string } {
  return { models: lane.slice(0, PART_LENGTH), work: lane.slice(2 * PART_LENGTH) };
}

const PART_LENGTH = 16;

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, PART_LENGTH);
}

function listModels(models: TaskRequirements['models']): string[] {
  return models.map(({ folder, name }) => `${folder}/${name}`).sort();
}
