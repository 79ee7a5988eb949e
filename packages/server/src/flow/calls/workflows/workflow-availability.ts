import { findGraphNode, type Graph, spellChoices, validateGraph } from '@comfleet/comfyui';
import { describeGraphProblem, plainText, type Text, type Workflow } from '@comfleet/contract';
import type { Inventory } from '../../../fleet/workers/inventory/inventory.ts';
import { listKinds, toWorkerKind, type WorkerKind } from '../../../fleet/workers/inventory/worker-kind.ts';
import type { WorkerSnapshot } from '../../../fleet/workers/registry.ts';
import { findMissing, type Missing } from '../../placement/needs.ts';
import { readNeeds } from '../../placement/read-needs.ts';
import { resolveNeeds } from '../../placement/resolve-needs.ts';
import type { WorkflowDefinition } from '../../workflows/workflow-definition.ts';

/** Whether a known worker can run the whole graph, and what is missing if none can. */
export type Availability = Pick<Workflow, 'available' | 'missing' | 'missing_texts'>;

/** Something missing, by its name or the English of its text. */
interface Lack {
  name: string;
  text: Text;
}

/**
 * Checks a graph against every known worker: what its task would need, and what ComfyUI would certainly refuse, such as a file
 * that no worker has.
 */
export function deriveAvailability(
  { graph, taskType }: Pick<WorkflowDefinition, 'graph' | 'taskType'>,
  fleet: readonly Pick<WorkerSnapshot, 'inventory' | 'capabilities' | 'labels'>[],
): Availability {
  const kinds = listKinds(fleet.map(({ inventory }) => inventory));
  const read = readNeeds(graph, kinds, () => false);
  const { needs } = resolveNeeds({ taskType, ...read, excludedWorkers: [] }, kinds);
  const faultsByKind = new Map<string, Lack[]>();
  const missing = new Map<string, Text>();
  let available = false;
  for (const worker of fleet) {
    const { inventory } = worker;
    if (!inventory) continue;
    const { maxUploadBytes, vramTotal: vramBytes } = inventory;
    const kind = toWorkerKind(inventory);
    const refusal = findMissing({ ...worker, ...kind, maxUploadBytes, vramBytes }, needs);
    const faults = faultsByKind.get(kind.id) ?? listFaults(graph, inventory, kind);
    faultsByKind.set(kind.id, faults);
    const lacking = refusal ? [describe(refusal)] : faults;
    if (lacking.length === 0) available = true;
    for (const { name, text } of lacking) missing.set(name, text);
  }
  if (available) missing.clear();
  return { available, missing: [...missing.keys()], missing_texts: [...missing.values()] };
}

/** What a worker of this kind would certainly refuse: a value that it does not list, else the problem in words. */
function listFaults(
  graph: Graph,
  { objectInfo, version, replacements }: Inventory,
  { choices }: WorkerKind,
): Lack[] {
  const { problems } = validateGraph(spellChoices(graph, choices), objectInfo, { version, replacements });
  return problems
    .filter(({ certainty }) => certainty === 'certain')
    .map(({ type, nodeId, inputName, message }) => {
      const node = nodeId === null ? undefined : findGraphNode(graph, nodeId);
      const value = inputName === null ? undefined : node?.inputs[inputName];
      return type === 'value_not_in_list' && typeof value === 'string'
        ? nameLack(value)
        : { name: message, text: describeGraphProblem(message) };
    });
}

function describe(refusal: Missing): Lack {
  if ('missing' in refusal) return nameLack(refusal.missing);
  return { name: refusal.reason, text: plainText(`refusal.${refusal.reason}`) };
}

/** The name of a node class or file shows what it is. */
function nameLack(name: string): Lack {
  return { name, text: { code: 'failure.said', params: { words: name } } };
}
