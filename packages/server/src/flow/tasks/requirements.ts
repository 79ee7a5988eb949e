import { createHash } from 'node:crypto';
import type { ModelRequirement } from '@comfleet/comfyui';

/** A graph input that names a file of ours, bound to an asset when the task was accepted. */
export interface BoundInput {
  nodeId: string;
  inputName: string;
  assetId: string;
}

/** What a task needs of a worker, as stored with it. */
export interface TaskRequirements {
  taskType: string;
  classTypes: readonly string[];
  models: readonly ModelRequirement[];
  inputs: readonly BoundInput[];
  /** Workers to avoid while another capable one exists. */
  excludedWorkers: readonly string[];
}

/** Reads the stored form; written by this program only. */
export function parseRequirements(text: string): TaskRequirements {
  return JSON.parse(text) as TaskRequirements;
}

/** The lane of a task: tasks with equal keys can be served by the same workers. */
export function createLaneKey({ taskType, classTypes, models, excludedWorkers }: TaskRequirements): string {
  const canonical = JSON.stringify([
    taskType,
    [...classTypes].sort(),
    models.map((model) => `${model.folder}/${model.name}`).sort(),
    [...excludedWorkers].sort(),
  ]);
  return createHash('sha256').update(canonical).digest('hex').slice(0, 32);
}
