import { createHash } from 'node:crypto';
import type { Choice, ModelKind } from '@comfleet/comfyui';
import type { AssetId } from '@comfleet/contract';

/** A graph input that names a file of ours, bound to an asset at acceptance. */
export interface BoundInput {
  nodeId: string;
  inputName: string;
  assetId: AssetId;
}

/** A file of the workflow that the task did not request: if no worker has it, one of the same kind stands in. */
export interface OpenChoice {
  parameter: string;
  modelKind: ModelKind;
  /** The inputs of the graph that name it. */
  targets: readonly { nodeId: string; inputName: string }[];
}

/** What a task needs of a worker, as stored with the task. */
export interface TaskRequirements {
  taskType: string;
  classTypes: readonly string[];
  /** Model files among its choices, as the fleet was known at acceptance. */
  models: readonly { folder: string | null; name: string }[];
  /**
   * Choices of its graph. Null if no worker was known to compare them with; absent for tasks of older versions, which named files
   * by folder only.
   */
  choices?: readonly (Choice & { isFile?: true })[] | null;
  inputs: readonly BoundInput[];
  /** Bytes of the largest upload of an input, rounded up; 0 without inputs. */
  inputBytes: number;
  /** Workers to avoid while another capable one exists. */
  excludedWorkers: readonly string[];
  /** Paid classes of nodes that feed an output; absent: none known. Not part of the lane. */
  paidClasses?: readonly string[];
  /** Paid classes of nodes that feed no output. Not part of the lane. */
  idlePaidClasses?: readonly string[];
  /** Labels that the worker must have; absent: none. */
  labels?: readonly string[];
  /** Names or ids of the workers that may run it; absent: any. */
  pinnedWorkers?: readonly string[];
  /** Bytes of memory that the first device should have: more than the one that ran out of it. */
  minVramBytes?: number;
  /** How long a running prompt may be without progress before it counts as hung; absent: unlimited. Not part of the lane. */
  silenceLimitMs?: number;
  /** Its time limit counts from the last sign of progress, not from the start. Not part of the lane. */
  limitsSilence?: true;
  /** A worker that accepts only part of the graph must not run it. Not part of the lane. */
  allOrNothing?: true;
  /** Files without a decision yet: drawn at the release, until which the task is held. Not part of the lane. */
  openChoices?: readonly OpenChoice[];
}

/** Parses the stored form, which only this program writes; earlier versions without `inputBytes` and `choices`. */
export function parseRequirements(text: string): TaskRequirements {
  const stored = JSON.parse(text) as TaskRequirements;
  return { ...stored, inputBytes: stored.inputBytes ?? 0 };
}

/** Creates a fast test whether a graph input is one of these: graphs and files may be many. */
export function createInputSet(
  inputs: readonly Pick<BoundInput, 'nodeId' | 'inputName'>[],
): (nodeId: string, inputName: string) => boolean {
  const keys = new Set(inputs.map(({ nodeId, inputName }) => JSON.stringify([nodeId, inputName])));
  return (nodeId, inputName) => keys.size > 0 && keys.has(JSON.stringify([nodeId, inputName]));
}

const MEBIBYTE = 1024 ** 2;
/** Size of the multipart form around a file. */
const FORM_BYTES = 1024;

/**
 * Upload size that a worker must accept for these files: the largest one in its form, rounded up to MiB. ComfyUI's limits are
 * whole MiB too, so nothing that fits is refused, and sizes do not multiply lanes.
 */
export function toInputBytes(fileSizes: readonly number[]): number {
  if (fileSizes.length === 0) return 0;
  return Math.ceil((Math.max(...fileSizes) + FORM_BYTES) / MEBIBYTE) * MEBIBYTE;
}

/** Requires more memory than the worker that ran out of it has, if another one has more. Bytes; 0 is unknown. */
export function askForMoreVram(
  needs: TaskRequirements,
  failedBytes: number,
  othersBytes: readonly number[],
): TaskRequirements {
  const hasLarger = failedBytes > 0 && othersBytes.some((bytes) => bytes > failedBytes);
  return hasLarger ? { ...needs, minVramBytes: failedBytes + 1 } : needs;
}

/**
 * Creates the key of a task's lane: tasks with equal keys can be served by the same workers. `kinds` are the kinds of workers that
 * can run it. The first half of the key stands for its models alone.
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

/** The lane as stored with a task: its key, followed by its kind of work down to its classes, for estimates. */
export function toStoredLane(key: string, { taskType, classTypes, models }: TaskRequirements): string {
  return key + hash([taskType, [...new Set(classTypes)].sort(), listModels(models)]);
}

/**
 * Parses a stored lane: `models` is equal for tasks of one type with equal models; `work` also requires equal classes, and is empty
 * for tasks of older versions.
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
