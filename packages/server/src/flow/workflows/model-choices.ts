import { findGraphNode, isDistilledName, isModelFileName, type ModelKind } from '@comfleet/comfyui';
import type { Inventory } from '../../fleet/workers/inventory/inventory.ts';
import { findModelKind } from '../../fleet/workers/inventory/model-kinds.ts';
import { toWorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { WorkflowDefinition, WorkflowParameter } from './workflow-definition.ts';
import { readInput } from './write-input.ts';

/** The model files that workers of one kind offer. */
export interface ModelOffer {
  readonly inventory: Pick<Inventory, 'objectInfo' | 'classTypes' | 'models' | 'modelKinds'>;
  /** Task types that they accept; empty means all. */
  readonly capabilities: readonly string[];
  /** Whether one of them is online, as far as they were queried. */
  readonly isOnline: boolean;
}

/** A file that a parameter may name. */
export interface ModelChoice {
  readonly name: string;
  readonly kind: ModelKind | null;
  readonly isOnline: boolean;
  /** Number of kinds of workers that have it. */
  readonly holders: number;
}

/** What replaces a file that no worker has. */
export type StandIn =
  | { kind: 'none' }
  /** `isAway`: some workers have it, but none of them is online. */
  | { kind: 'file'; name: string; instead: string; isAway?: true }
  /** No known file is certainly of its kind: the user chooses one of these. */
  | { kind: 'unclear'; instead: string; known: readonly string[] };

type Workflow = Pick<WorkflowDefinition, 'graph' | 'taskType'>;
/** A parameter that may name a model file. */
export type ModelParameter = Pick<WorkflowParameter, 'targets' | 'defaultValue' | 'modelKind'>;

/** The files that the fleet offers for a parameter, by name; null if no worker has a list of files for it. Pure. */
export function listModelChoices(
  { graph, taskType }: Workflow,
  { targets }: Pick<ModelParameter, 'targets'>,
  fleet: readonly ModelOffer[],
): ModelChoice[] | null {
  const choices = new Map<string, ModelChoice>();
  let isFileList = false;
  const offers = fleet.filter(({ capabilities: types }) => types.length === 0 || types.includes(taskType));
  const kinds = offers.map(({ inventory }) => inventory.modelKinds);
  for (const { inventory, isOnline } of offers) {
    const offered = toWorkerKind(inventory).choices;
    const lists = targets.flatMap(
      ({ nodeId, inputName }) =>
        offered.list(findGraphNode(graph, nodeId)?.class_type ?? '', inputName) ?? [],
    );
    const [first = new Map(), ...others] = lists;
    const names = new Set([...first.values()].map((value: string) => value.replaceAll('\\', '/')));
    for (const name of names) {
      isFileList ||= isModelFileName(name);
      if (!others.every((list) => list.has(name))) continue;
      const known = choices.get(name) ?? { kind: findModelKind(kinds, name), isOnline: false, holders: 0 };
      const holders = known.holders + 1;
      choices.set(name, { name, kind: known.kind, isOnline: isOnline || known.isOnline, holders });
    }
  }
  return isFileList ? [...choices.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) : null;
}

/**
 * Chooses the file for a parameter that a request omits, if no worker has the workflow's own file: one of the kind that the
 * workflow is written for; of several one that is online, works with usual settings, and that most workers have. If only offline
 * workers have the workflow's file, an online one replaces it; otherwise the task waits for them. Pure.
 */
export function findStandIn(
  workflow: Workflow,
  parameter: ModelParameter,
  fleet: readonly ModelOffer[],
): StandIn {
  const [target] = parameter.targets;
  const instead = parameter.defaultValue ?? (target && readInput(workflow.graph, target));
  if (parameter.modelKind === null || typeof instead !== 'string') return { kind: 'none' };
  const choices = listModelChoices(workflow, parameter, fleet);
  const wanted = instead.replaceAll('\\', '/');
  if (choices === null) return { kind: 'none' };
  const own = choices.find(({ name }) => name === wanted);
  if (own?.isOnline) return { kind: 'none' };
  const [best] = choices.filter(({ kind }) => kind === parameter.modelKind).sort(compare);
  if (own)
    return best?.isOnline ? { kind: 'file', name: best.name, instead, isAway: true } : { kind: 'none' };
  if (best) return { kind: 'file', name: best.name, instead };
  return { kind: 'unclear', instead, known: choices.map(({ name }) => name) };
}

function compare(a: ModelChoice, b: ModelChoice): number {
  const byName = a.name < b.name ? -1 : 1;
  return (
    Number(b.isOnline) - Number(a.isOnline) ||
    Number(isDistilledName(a.name)) - Number(isDistilledName(b.name)) ||
    b.holders - a.holders ||
    byName
  );
}
