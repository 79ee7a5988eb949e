import { findGraphNode, type Graph, spellChoices, validateGraph } from '@comfleet/comfyui';
import type { Workflow } from '@comfleet/contract';
import type { Inventory } from '../../../fleet/workers/inventory/inventory.ts';
import { listKinds, toWorkerKind, type WorkerKind } from '../../../fleet/workers/inventory/worker-kind.ts';
import type { WorkerSnapshot } from '../../../fleet/workers/registry.ts';
import { findMissing, type Missing } from '../../placement/needs.ts';
import { readNeeds } from '../../placement/read-needs.ts';
import { resolveNeeds } from '../../placement/resolve-needs.ts';
import type { WorkflowDefinition } from '../../workflows/workflow-definition.ts';

/** Whether a known worker can run a graph whole, and what is missing where none can. */
export type Availability = Pick<Workflow, 'available' | 'missing'>;

/**
 * Judges a graph by every known worker: what its task would need, and what ComfyUI would refuse for certain, such as a file that
 * nobody has.
 */
export function deriveAvailability(
  { graph, taskType }: Pick<WorkflowDefinition, 'graph' | 'taskType'>,
  fleet: readonly Pick<WorkerSnapshot, 'inventory' | 'capabilities' | 'labels'>[],
): Availability {
  const kinds = listKinds(fleet.map(({ inventory }) => inventory));
  const read = readNeeds(graph, kinds, () => false);
  const { needs } = resolveNeeds({ taskType, ...read, excludedWorkers: [] }, kinds);
  const faultsByKind = new Map<string, string[]>();
  const missing = new Set<string>();
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
    for (const thing of lacking) missing.add(thing);
  }
  return { available, missing: available ? [] : [...missing] };
}

/** What a worker of this kind would refuse for certain: the value that it does not list, else the problem in words. */
function listFaults(
  graph: Graph,
  { objectInfo, version, replacements }: Inventory,
  { choices }: WorkerKind,
): string[] {
  const { problems } = validateGraph(spellChoices(graph, choices), objectInfo, { version, replacements });
  return problems
    .filter(({ certainty }) => certainty === 'certain')
    .map(({ type, nodeId, inputName, message }) => {
      const node = nodeId === null ? undefined : findGraphNode(graph, nodeId);
      const value = inputName === null ? undefined : node?.inputs[inputName];
      return type === 'value_not_in_list' && typeof value === 'string' ? value : message;
    });
}

function describe(refusal: Missing): string {
  return 'missing' in refusal ? refusal.missing : refusal.reason;
}
