import {
  findPaidClasses,
  type Graph,
  type GraphVerdict,
  spellChoices,
  validateGraph,
} from '@comfleet/comfyui';
import type { HeldReason, SubmitOptions } from '@comfleet/contract';
import { toWorkerKind } from '../../../fleet/workers/inventory/worker-kind.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import { findMissing } from '../../placement/needs.ts';
import type { TaskRequirements } from '../../tasks/requirements.ts';
import { invalidWorkflow } from './invalid-workflow.ts';
import type { KnownInventory } from './known-inventories.ts';

/** What is known of the fleet when a task is submitted. */
export interface KnownFleet {
  /** Last known inventories, offline workers included, with the task types each takes (empty: all). */
  inventories: () => readonly KnownInventory[];
  /** Every worker, for tasks that ask for labels or names. */
  workers: () => readonly { id: string; name: string; labels: readonly string[] }[];
}

/** Labels and workers that the caller asks for. Throws NO_CAPABLE_WORKER when no worker of the fleet has them. */
export function readConstraints(
  fleet: Pick<KnownFleet, 'workers'>,
  { labels = [], workers = [] }: SubmitOptions,
): { labels?: string[]; pinnedWorkers?: string[] } {
  if (labels.length === 0 && workers.length === 0) return {};
  const fits = (worker: { id: string; name: string; labels: readonly string[] }) =>
    labels.every((label) => worker.labels.includes(label)) &&
    (workers.length === 0 || workers.includes(worker.name) || workers.includes(worker.id));
  if (!fleet.workers().some(fits)) throw new AppError('NO_CAPABLE_WORKER', { labels, workers });
  return {
    ...(labels.length > 0 && { labels: [...new Set(labels)] }),
    ...(workers.length > 0 && { pinnedWorkers: [...new Set(workers)] }),
  };
}

/** Which of the graph's classes cost money, as any known worker says, offline ones included. */
export function readPaidClasses(
  { inventories }: Pick<KnownFleet, 'inventories'>,
  graph: Graph,
): Pick<TaskRequirements, 'paidClasses' | 'idlePaidClasses'> {
  const objectInfos = new Set(inventories().map(({ inventory }) => inventory.objectInfo));
  const { fed, idle } = findPaidClasses(graph, [...objectInfos]);
  return {
    ...(fed.length > 0 && { paidClasses: fed }),
    ...(idle.length > 0 && { idlePaidClasses: idle }),
  };
}

/**
 * Refused only when every known inventory lacks something, offline workers included; without any the task is held. A
 * file that we bring is not looked for on the worker. What is doubtful the worker decides.
 */
export function checkAgainstFleet(
  fleet: Pick<KnownFleet, 'inventories'>,
  graph: Graph,
  requirements: TaskRequirements,
): HeldReason | null {
  const known = fleet.inventories();
  // Whether a worker carries the labels was asked already.
  const labels = requirements.labels ?? [];
  if (known.length === 0) return 'no_worker_known';
  const bound = new Set(requirements.inputs.map((input) => `${input.nodeId}.${input.inputName}`));
  const isSupplied = (nodeId: string, inputName: string): boolean => bound.has(`${nodeId}.${inputName}`);
  let best: GraphVerdict | null = null;
  for (const { inventory, capabilities } of known) {
    const { objectInfo, classTypes, models, maxUploadBytes, vramTotal: vramBytes } = inventory;
    const { choices } = toWorkerKind(inventory);
    const worker = { classTypes, models, choices, maxUploadBytes, vramBytes, capabilities, labels };
    const { version } = inventory;
    const verdict = validateGraph(spellChoices(graph, choices), objectInfo, { version, isSupplied });
    if (!verdict.refused && !findMissing(worker, requirements)) return null;
    if (best === null || verdict.certainCount < best.certainCount) best = verdict;
  }
  if (best?.refused) throw invalidWorkflow(best.problems);
  throw new AppError('NO_CAPABLE_WORKER', {
    class_types: requirements.classTypes,
    models: requirements.models,
    task_type: requirements.taskType,
  });
}
