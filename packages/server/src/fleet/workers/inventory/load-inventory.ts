import {
  ComfyError,
  type ComfyHttp,
  type HttpTransport,
  type ObjectInfo,
  parseTolerantJson,
} from '@comfleet/comfyui';
import { blake3 } from 'hash-wasm';
import type { Clock } from '../../../platform/time/clock.ts';
import { type Inventory, parseInventory, parseObjectInfo } from './inventory.ts';
import { type KnownKinds, loadModelKinds } from './model-kinds.ts';
import { loadModelSizes } from './model-sizes.ts';
import type { SharedInventories } from './shared-inventories.ts';

export interface LoadOptions {
  http: ComfyHttp;
  transport: HttpTransport;
  clock: Clock;
  shared: SharedInventories;
  signal: AbortSignal;
}

/** An inventory and the text of its object_info, by which equal ones are shared. */
export interface LoadedInventory {
  inventory: Inventory;
  objectInfoText: string;
}

/** object_info is built in the server's event loop and takes seconds with many custom nodes (protocol 8.2). */
const TIMEOUT_MS = 120_000;
const MAX_BYTES = 256 * 1024 * 1024;
const FOLDERS_AT_ONCE = 4;

/** Asks a worker for everything it can run; `before` is what is known of it. Throws ComfyError when it does not answer, or INVALID_BODY when it is not ComfyUI. */
export async function loadInventory(
  options: LoadOptions,
  before: KnownKinds | null,
): Promise<LoadedInventory> {
  const { http, clock, signal, shared } = options;
  const objectInfoText = await loadText(options, '/object_info');
  const objectInfoHash = await blake3(objectInfoText);
  const models = await loadModels(http, signal);
  const modelSizes = await loadModelSizes(http, foldersWithFiles(models), signal);
  const inventory = parseInventory({
    systemStats: parseTolerantJson(await loadText(options, '/system_stats')),
    objectInfo: readObjectInfo(objectInfoText, objectInfoHash, shared),
    objectInfoHash,
    features: await orWithout(http.loadFeatures({ signal }), {}),
    nodeReplacements: parseAnswer(await orWithout(loadText(options, '/node_replacements'), '{}')),
    models,
    modelSizes,
    modelKinds: await loadModelKinds(options, { models, modelSizes }, before),
    embeddings: await orWithout(http.loadEmbeddings({ signal }), []),
    fetchedAtMs: clock.nowMs(),
  });
  if (inventory === null) throw notComfyui('system_stats');
  return { inventory: shared.share(inventory), objectInfoText };
}

/** Servers before 0.14.0 do not have the route; what is no JSON replaces nothing. */
function parseAnswer(text: string): unknown {
  try {
    return parseTolerantJson(text);
  } catch {
    return null;
  }
}

/** True when its classes, and so the files that its loaders offer, are still the same: one request instead of thirty. */
export async function isInventoryCurrent(options: LoadOptions, known: Inventory): Promise<boolean> {
  return (await blake3(await loadText(options, '/object_info'))) === known.objectInfoHash;
}

/** Parsed only when no other worker told the same: half a megabyte each. */
function readObjectInfo(text: string, hash: string, shared: SharedInventories): ObjectInfo {
  const known = shared.findObjectInfo(hash);
  if (known !== null) return known;
  const objectInfo = parseObjectInfo(parseTolerantJson(text));
  if (objectInfo === null) throw notComfyui('object_info');
  return shared.shareObjectInfo(hash, objectInfo);
}

function notComfyui(what: string): ComfyError {
  return new ComfyError('INVALID_BODY', `${what} is not ComfyUI\u2019s`);
}

function foldersWithFiles(models: ReadonlyMap<string, readonly string[]>): string[] {
  return [...models].flatMap(([folder, names]) => (names.length > 0 ? [folder] : []));
}

async function loadModels(http: ComfyHttp, signal: AbortSignal): Promise<Map<string, readonly string[]>> {
  const models = new Map<string, readonly string[]>();
  const folders = await orWithout(http.listModelFolders({ signal }), []);
  const waiting = folders.filter((name) => name !== 'custom_nodes');
  async function drain(): Promise<void> {
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      const names = await orWithout(http.loadModels(folder, { signal }), null);
      if (names !== null) models.set(folder, names);
    }
  }
  await Promise.all(Array.from({ length: FOLDERS_AT_ONCE }, drain));
  return models;
}

/** The fallback for a route this server does not have or fails on; other errors pass on. */
async function orWithout<T>(call: Promise<T>, fallback: T): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof ComfyError && thrown.code === 'BAD_STATUS') return fallback;
    throw thrown;
  }
}

async function loadText({ http, transport, signal }: LoadOptions, path: string): Promise<string> {
  const response = await transport.request({
    method: 'GET',
    url: http.baseUrl + path,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal,
  });
  const text = await response.text();
  if (response.status === 200) return text;
  throw new ComfyError('BAD_STATUS', `${path} answered ${response.status}`, {
    details: { status: response.status },
  });
}
