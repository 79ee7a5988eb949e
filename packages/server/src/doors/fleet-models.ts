import { isModelFileName } from '@comfleet/comfyui';
import type { FleetModel, FleetModelPage } from '@comfleet/contract';
import type { Inventory } from '../fleet/workers/inventory/inventory.ts';
import { findModelKind } from '../fleet/workers/inventory/model-kinds.ts';
import { toWorkerKind } from '../fleet/workers/inventory/worker-kind.ts';
import type { WorkerSnapshot } from '../fleet/workers/registry.ts';

/** What the model list needs of a worker. */
export interface ModelHolder {
  readonly name: string;
  readonly state: WorkerSnapshot['state'];
  readonly inventory: Pick<
    Inventory,
    'objectInfo' | 'classTypes' | 'models' | 'modelSizes' | 'modelKinds'
  > | null;
}

/** Limits the list to this folder, kind or worker. */
export interface ModelFilter {
  folder?: string | undefined;
  kind?: string | undefined;
  worker?: string | undefined;
}

type File = Pick<FleetModel, 'folder' | 'name' | 'inputs'>;

/** Returns a page of the model files that the workers list, each once. Pure. */
export function listFleetModels(
  holders: readonly ModelHolder[],
  filter: ModelFilter,
  { limit, cursor = '' }: { limit: number; cursor?: string | undefined },
): FleetModelPage {
  const selected = holders.filter(({ name }) => filter.worker === undefined || name === filter.worker);
  const models = collectModels(selected).filter(
    ({ folder, kind }) =>
      (filter.folder === undefined || folder === filter.folder) &&
      (filter.kind === undefined || kind === filter.kind),
  );
  const rest = models.filter((model) => toKey(model) > cursor);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { models: page, next_cursor: last && rest.length > limit ? toKey(last) : null };
}

function collectModels(holders: readonly ModelHolder[]): FleetModel[] {
  const models = new Map<string, FleetModel & { away: string[] }>();
  const filesOf = new Map<unknown, File[]>();
  const kinds = new Set(holders.flatMap(({ inventory }) => (inventory ? [inventory.modelKinds] : [])));
  for (const { name: worker, state, inventory } of holders) {
    if (inventory === null) continue;
    const kind = toWorkerKind(inventory);
    const files = filesOf.get(kind) ?? listFiles(inventory);
    filesOf.set(kind, files);
    for (const file of files) {
      const key = toKey(file);
      const known = models.get(key) ?? { ...file, kind: null, size_bytes: null, workers: [], away: [] };
      known.kind ??= findModelKind(kinds, file.name);
      known.size_bytes ??= inventory.modelSizes.get(file.folder ?? '')?.get(file.name) ?? null;
      known.workers.push(worker);
      if (state !== 'online') known.away.push(worker);
      models.set(key, known);
    }
  }
  return [...models].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, model]) => model);
}

/** The files of its folders, and those that only node inputs list. */
function listFiles(inventory: NonNullable<ModelHolder['inventory']>): File[] {
  const listed = new Set<string>();
  const files: File[] = [];
  for (const [folder, names] of inventory.models)
    for (const name of names) {
      listed.add(name);
      files.push({ folder, name, inputs: [] });
    }
  const offered = new Map<string, string[]>();
  for (const [classType, inputs] of toWorkerKind(inventory).choices.describe())
    for (const [inputName, values] of inputs)
      for (const value of values.filter((name) => isModelFileName(name) && !listed.has(name)))
        offered.set(value, [...(offered.get(value) ?? []), `${classType}.${inputName}`]);
  for (const [name, inputs] of offered) files.push({ folder: null, name, inputs });
  return files;
}

/** Sorts by folder, then by name; files without a folder come first. */
function toKey({ folder, name }: Pick<FleetModel, 'folder' | 'name'>): string {
  return `${folder ?? ''}/${name}`;
}
