import { findNodeInfo, type Graph, listFileInputs, type ObjectInfo, type TimeSlice } from '@comfleet/comfyui';
import { type AssetId, parseId } from '@comfleet/contract';
import { AppError } from '../../../platform/errors/app-error.ts';
import { isInlineFile } from '../../../platform/text/data-url.ts';
import type { FileSource } from '../../assets/file-source.ts';
import type { Actor } from '../../ownership/actor.ts';
import { type BoundInput, createInputSet } from '../../tasks/requirements.ts';

/** A bound input with the size of its file. */
export interface SizedInput extends BoundInput {
  sizeBytes: number;
}

const ASSET_TYPE = 'core/ASSET';

/**
 * Files of a raw graph: `core/ASSET` objects must be visible to the caller; plain names are bound when they name an upload, for inputs
 * that take one as any of the known servers says. Of a class that none knows, those of well-known loaders.
 */
export async function bindGraphFiles(
  assets: FileSource,
  actor: Actor,
  { graph, servers, slice }: { graph: Graph; servers: readonly ObjectInfo[]; slice: TimeSlice },
): Promise<{ graph: Graph; inputs: SizedInput[] }> {
  const inputs: SizedInput[] = [];
  const names: InputName[] = [];
  for (const [nodeId, node] of Object.entries(graph)) {
    await slice.yieldIfSpent();
    for (const [inputName, value] of Object.entries(node.inputs)) {
      const reference = readAssetReference(value);
      if (reference === null) continue;
      const assetId = parseId<'asset'>(reference);
      const asset = assetId === null ? null : await assets.findVisible(actor, assetId);
      if (!asset) {
        throw new AppError('MISSING_ASSET', {
          node_id: nodeId,
          input: inputName,
          reference: reference.slice(0, 200),
        });
      }
      names.push({ nodeId, inputName, name: asset.name });
      inputs.push({ nodeId, inputName, assetId: asset.id, sizeBytes: asset.size_bytes });
    }
  }
  const isNamed = createInputSet(inputs);
  for (const file of listFileInputs(graph, pickClasses(graph, servers))) {
    if (isNamed(file.nodeId, file.inputName)) continue;
    await slice.yieldIfSpent();
    const asset = await findUpload(assets, actor, file.value);
    if (!asset) continue;
    inputs.push({ nodeId: file.nodeId, inputName: file.inputName, ...asset });
    // The bytes are kept once, as a file: not in every copy of the graph.
    if (isInlineFile(file.value))
      names.push({ nodeId: file.nodeId, inputName: file.inputName, name: asset.assetId });
  }
  return { graph: writeNames(graph, names), inputs };
}

interface InputName {
  nodeId: string;
  inputName: string;
  name: string;
}

/** The graph with these names in these inputs; the given one is not changed. */
function writeNames(graph: Graph, names: readonly InputName[]): Graph {
  if (names.length === 0) return graph;
  const named = new Map<string, Record<string, unknown>>();
  for (const { nodeId, inputName, name } of names) {
    const inputs = named.get(nodeId) ?? { ...graph[nodeId]?.inputs };
    inputs[inputName] = name;
    named.set(nodeId, inputs);
  }
  return Object.fromEntries(
    Object.entries(graph).map(([nodeId, node]) => [
      nodeId,
      { ...node, inputs: named.get(nodeId) ?? node.inputs },
    ]),
  );
}

/** The classes of a graph as the first server describes them that knows them. */
function pickClasses(graph: Graph, servers: readonly ObjectInfo[]): ObjectInfo {
  const picked: ObjectInfo = {};
  for (const { class_type: classType } of Object.values(graph)) {
    const info = servers.map((server) => findNodeInfo(server, classType)).find((found) => found);
    if (info) picked[classType] = info;
  }
  return picked;
}

/** A file of the worker's own input folder is a plain name too: only what is ours is bound, escapes are refused. */
async function findUpload(
  assets: FileSource,
  actor: Actor,
  name: string,
): Promise<{ assetId: AssetId; sizeBytes: number } | null> {
  try {
    const asset = await assets.resolveReference(actor, name);
    return { assetId: asset.id, sizeBytes: asset.size_bytes };
  } catch (thrown) {
    const harmless =
      thrown instanceof AppError &&
      thrown.code === 'MISSING_ASSET' &&
      !/(^[/\\])|(\.\.)|(^comfleet\/)/.test(name);
    if (harmless) return null;
    throw thrown;
  }
}

/** The id of a `core/ASSET` object; empty when it names none or stands inside a list or object; null for other values. */
function readAssetReference(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!('__type' in value) || value.__type !== ASSET_TYPE)
    return Object.values(value).some((item) => readAssetReference(item) !== null) ? '' : null;
  const info = 'info' in value ? value.info : null;
  const id = typeof info === 'object' && info !== null && 'id' in info ? info.id : null;
  return typeof id === 'string' ? id : '';
}
