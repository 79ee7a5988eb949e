import { type Graph, listClassTypes, readChoices } from '@comfleet/comfyui';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { Needs } from './needs.ts';

/** What a graph needs of a worker, not yet resolved against the fleet. Choices are null while no worker is known. */
export function readNeeds(
  graph: Graph,
  kinds: readonly WorkerKind[],
  /** True for an input whose value is replaced before the graph is sent: a file of ours. */
  isReplaced: (nodeId: string, inputName: string) => boolean,
): Pick<Needs, 'classTypes' | 'models' | 'choices'> {
  const classTypes = listClassTypes(graph);
  if (kinds.length === 0) return { classTypes, models: [], choices: null };
  const servers = kinds.map(({ choices }) => choices);
  return { classTypes, models: [], choices: readChoices(graph, servers, isReplaced) };
}
