import {
  findBrokenLinks,
  findKillingLinks,
  findPaidClasses,
  type Graph,
  type GraphVerdict,
  spellChoices,
  type TimeSlice,
  validateInSteps,
} from '@comfleet/comfyui';
import type { HeldReason, SubmitOptions } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import { toWorkerKind } from '../../../fleet/workers/inventory/worker-kind.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import {
  type Capabilities,
  filterByConstraints,
  findMissing,
  hasNoConstraints,
  type Missing,
  meetsConstraints,
  type NamedWorker,
} from '../../placement/needs.ts';
import type { NeedsResolver } from '../../placement/needs-resolver.ts';
import { createInputSet, type TaskRequirements } from '../../tasks/requirements.ts';
import { describeVerdict } from './describe-verdict.ts';
import { describeRefusal } from './describe-wait.ts';
import { invalidWorkflow } from './invalid-workflow.ts';
import type { KnownInventory } from './known-inventories.ts';

/** What is known about the fleet when a task is submitted. */
export interface KnownFleet {
  /** Last known inventories, including offline workers, with the task types that each accepts (empty: all). */
  inventories: () => readonly KnownInventory[];
  /** Resolves needs against their kinds of workers. */
  resolver: () => NeedsResolver;
  /** All workers, for tasks with constraints on labels or names. */
  workers: () => readonly NamedWorker[];
}

/** Reads the caller's constraints: labels, workers, all or nothing. */
export function readConstraints({
  labels = [],
  workers = [],
  all_or_nothing: allOrNothing,
}: SubmitOptions): Constraints {
  return {
    ...(allOrNothing === true && { allOrNothing }),
    ...(labels.length > 0 && { labels: [...new Set(labels)] }),
    ...(workers.length > 0 && { pinnedWorkers: [...new Set(workers)] }),
  };
}

export type Constraints = Pick<TaskRequirements, 'labels' | 'pinnedWorkers' | 'allOrNothing'>;

/** Throws NO_CAPABLE_WORKER when no worker meets the task's constraints; its details name what is missing. */
export function refuseUnknownWorkers(
  { workers }: Pick<KnownFleet, 'workers'>,
  constraints: Constraints,
): void {
  if (hasNoConstraints(constraints)) return;
  const { labels = [], pinnedWorkers = [] } = constraints;
  const fleet = workers();
  if (fleet.some((worker) => meetsConstraints(worker, constraints))) return;
  const isUnknown = (needs: Constraints) => !fleet.some((worker) => meetsConstraints(worker, needs));
  const unknownWorkers = pinnedWorkers.filter((name) => isUnknown({ pinnedWorkers: [name] }));
  throw new AppError('NO_CAPABLE_WORKER', {
    lacks: describeLacking(unknownWorkers, labels),
    ...nameConstraints(constraints),
    unknown_labels: labels.filter((label) => isUnknown({ labels: [label] })),
    unknown_workers: unknownWorkers,
  });
}

function nameConstraints({ labels, pinnedWorkers }: Constraints): { labels?: unknown; workers?: unknown } {
  return { ...(labels && { labels }), ...(pinnedWorkers && { workers: pinnedWorkers }) };
}

function describeLacking(unknownWorkers: readonly string[], labels: readonly string[]): TaskText {
  if (unknownWorkers.length > 0)
    return { code: 'failure.no_such_worker', params: { names: unknownWorkers.join(', ') } };
  return describeRefusal({ reason: 'label', missing: labels.join(', ') });
}

function describeMissing(found: Missing): TaskText {
  return describeRefusal({ reason: found.reason, missing: 'missing' in found ? found.missing : null });
}

/** Reads which of the graph's classes cost money, by any known worker, including offline ones. */
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

/** What a graph is checked against. */
export interface CheckedFleet extends Pick<KnownFleet, 'inventories'> {
  /** How many problems of each certainty are listed. */
  maxProblems: number;
  /** Yields to other work between two kinds of workers. */
  slice: TimeSlice;
}

/** Result of checking a graph against the known fleet. */
export interface FleetCheck {
  heldReason: HeldReason | null;
  /** What will not run, and what may be refused, on the worker that can run most of it. */
  warnings: TaskText[];
}

interface CheckedKind {
  verdict: GraphVerdict;
  /** Null when it has all that the task needs. */
  missing: Missing | null;
}

/**
 * Checks a graph against every known inventory of the workers that the task may run on, including offline ones. Without any the
 * task is held. Throws INVALID_WORKFLOW when no part of it would run on any of them, or when it would end the process of one; with
 * all or nothing also when only a part would run. Throws NO_CAPABLE_WORKER when the graph is valid but no worker has what it needs.
 * Uploaded files need not exist on the worker. Doubtful problems are left to the worker.
 */
export async function checkAgainstFleet(
  fleet: CheckedFleet,
  graph: Graph,
  requirements: TaskRequirements,
): Promise<FleetCheck> {
  const known = filterByConstraints(fleet.inventories(), requirements);
  if (known.length === 0) return holdUnchecked(graph, fleet.maxProblems);
  const checked = await checkKinds({ ...fleet, known }, graph, requirements);
  const usable = checked.filter(isUsable);
  const { verdict, missing } = findNearest(usable.length > 0 ? usable : checked);
  if (missing !== null && hasClassElsewhere(fleet, missing)) throw refuseTask(requirements, missing);
  if (verdict.refused || (requirements.allOrNothing && verdict.removed.length > 0))
    throw refuseGraph(graph, verdict);
  if (missing !== null) throw refuseTask(requirements, missing);
  return { heldReason: null, warnings: describeVerdict(graph, verdict) };
}

/** True when the missing class exists on workers that the task's constraints exclude: the graph itself is valid. */
function hasClassElsewhere({ inventories }: Pick<KnownFleet, 'inventories'>, missing: Missing): boolean {
  if (missing.reason !== 'class_type') return false;
  return inventories().some(({ inventory }) => inventory.classTypes.has(missing.missing));
}

function refuseTask({ taskType, ...constraints }: TaskRequirements, missing: Missing): AppError {
  return new AppError('NO_CAPABLE_WORKER', {
    lacks: describeMissing(missing),
    ...missing,
    task_type: taskType,
    ...nameConstraints(constraints),
  });
}

/** Holds an unchecked graph. It must have no broken link, which could end the process of the first worker that runs it. */
function holdUnchecked(graph: Graph, maxProblems: number): FleetCheck {
  const broken = findKillingLinks(graph, findBrokenLinks(graph), Object.keys(graph));
  if (broken.length > 0) throw invalidWorkflow(broken.slice(0, maxProblems), { graph, count: broken.length });
  return { heldReason: 'no_worker_known', warnings: [] };
}

/**
 * Checks kinds of workers: first those that have everything the task needs, then the others, if none of these can run it, or if a
 * link is broken, which could end the process of any kind.
 */
async function checkKinds(
  { known, maxProblems, slice }: CheckedFleet & { known: readonly KnownInventory[] },
  graph: Graph,
  requirements: TaskRequirements,
): Promise<CheckedKind[]> {
  const isSupplied = createInputSet(requirements.inputs);
  const isDangerous = findBrokenLinks(graph).size > 0;
  const kinds = known.map((kind) => ({
    ...kind,
    missing: findMissing(toWorker(kind, requirements), requirements),
  }));
  const [able, lacking] = [kinds.filter(hasAll), kinds.filter((kind) => !hasAll(kind))];
  const checked: CheckedKind[] = [];
  for (const { inventory, missing } of [...able, ...lacking]) {
    if (missing !== null && !isDangerous && checked.some(isUsable)) break;
    const { objectInfo, version, replacements } = inventory;
    await slice.yieldIfSpent();
    const spelled = spellChoices(graph, toWorkerKind(inventory).choices);
    await slice.yieldIfSpent();
    const options = { version, replacements, isSupplied, maxProblems };
    const verdict = await slice.run(validateInSteps(spelled, objectInfo, options));
    if (verdict.problems.some(({ effect }) => effect === 'kills_worker')) throw refuseGraph(graph, verdict);
    checked.push({ verdict, missing });
    if (!isDangerous && missing === null && verdict.certainCount + verdict.doubtfulCount === 0) break;
  }
  return checked;
}

/** Capabilities of a kind; labels count as present, because they were checked before. */
function toWorker(
  { inventory, capabilities }: KnownInventory,
  { labels = [] }: TaskRequirements,
): Capabilities {
  const { classTypes, models, maxUploadBytes, vramTotal: vramBytes } = inventory;
  const { choices } = toWorkerKind(inventory);
  return { classTypes, models, choices, maxUploadBytes, vramBytes, capabilities, labels };
}

function hasAll({ missing }: Pick<CheckedKind, 'missing'>): boolean {
  return missing === null;
}

function isUsable({ verdict, missing }: CheckedKind): boolean {
  return missing === null && !verdict.refused;
}

function findNearest(checked: readonly CheckedKind[]): CheckedKind {
  return checked.reduce((best, kind) => (isNearer(kind.verdict, best.verdict) ? kind : best));
}

function isNearer(a: GraphVerdict, b: GraphVerdict): boolean {
  if (a.refused !== b.refused) return b.refused;
  if (a.removed.length !== b.removed.length) return a.removed.length < b.removed.length;
  if (a.certainCount !== b.certainCount) return a.certainCount < b.certainCount;
  return a.doubtfulCount < b.doubtfulCount;
}

function refuseGraph(graph: Graph, { problems, certainCount }: GraphVerdict): AppError {
  return invalidWorkflow(
    problems.filter(({ certainty }) => certainty === 'certain'),
    { graph, count: certainCount },
  );
}
