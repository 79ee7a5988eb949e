import {
  ComfyError,
  type ComfyHttp,
  type HttpTransport,
  type ObjectInfo,
  parseLargeJson,
  startTimeSlice,
  type TimeSlice,
} from '@comfleet/comfyui';
import { blake3, createBLAKE3 } from 'hash-wasm';
import type { Clock } from '../../../platform/time/clock.ts';
import { type Inventory, parseInventory, parseObjectInfo } from './inventory.ts';
import { type KnownKinds, loadModelKinds } from './model-kinds.ts';
import { loadModelSizes } from './model-sizes.ts';
import type { SharedInventories } from './shared-inventories.ts';
import { prepareKind } from './worker-kind.ts';

export interface LoadOptions {
  http: ComfyHttp;
  transport: HttpTransport;
  clock: Clock;
  shared: SharedInventories;
  signal: AbortSignal;
}

/** An inventory and the original bytes of its object_info, by which equal ones are shared. */
export interface LoadedInventory {
  inventory: Inventory;
  objectInfoBytes: Uint8Array;
}

const HASHED_BYTES = 1024 * 1024;
/** Limits far above real fleets; the rest is not listed, so that no worker can exhaust our memory. */
const MAX_FOLDERS = 200;
const MAX_NAMES = 200_000;
const MAX_NAME_CHARACTERS = 1000;
const FOLDERS_AT_ONCE = 4;

/** Loads everything a worker can run. Throws ComfyError when it does not answer; INVALID_BODY when it is not ComfyUI. */
export async function loadInventory(
  options: LoadOptions,
  before: KnownKinds | null,
): Promise<LoadedInventory> {
  const { http, clock, signal, shared } = options;
  const objectInfoBytes = await http.loadObjectInfoBytes({ signal });
  const objectInfoHash = await hashInSlices(objectInfoBytes, clock);
  const slice = startTimeSlice(clock);
  const models = await loadModels(http, signal);
  const modelSizes = await loadModelSizes(http, foldersWithFiles(models), signal);
  const inventory = parseInventory({
    systemStats: await http.loadRawSystemStats({ signal }),
    objectInfo: await readObjectInfo(objectInfoBytes, objectInfoHash, { shared, slice }),
    objectInfoHash,
    features: await orWithout(http.loadFeatures({ signal }), {}),
    nodeReplacements: await orWithout(http.loadNodeReplacements({ signal }), null),
    models,
    modelSizes,
    modelKinds: await loadModelKinds(options, { models, modelSizes }, before),
    embeddings: (await orWithout(http.loadEmbeddings({ signal }), [])).filter(isName).slice(0, MAX_NAMES),
    fetchedAtMs: clock.nowMs(),
  });
  if (inventory === null) throw notComfyui('system_stats');
  await prepareKind(inventory.objectInfo, slice);
  return { inventory: shared.share(inventory), objectInfoBytes };
}

/** True when classes, and the files that loaders offer, are unchanged: one request instead of thirty. */
export async function isInventoryCurrent(
  { http, signal, clock }: LoadOptions,
  known: Inventory,
): Promise<boolean> {
  return (await hashInSlices(await http.loadObjectInfoBytes({ signal }), clock)) === known.objectInfoHash;
}

async function hashInSlices(bytes: Uint8Array, clock: Clock): Promise<string> {
  if (bytes.length <= HASHED_BYTES) return blake3(bytes);
  const hash = await createBLAKE3();
  const slice = startTimeSlice(clock);
  for (let at = 0; at < bytes.length; at += HASHED_BYTES) {
    hash.update(bytes.subarray(at, at + HASHED_BYTES));
    await slice.yieldIfSpent();
  }
  return hash.digest('hex');
}

/** Parses object_info only if no other worker reported the same: it takes half a megabyte. */
async function readObjectInfo(
  bytes: Uint8Array,
  hash: string,
  { shared, slice }: { shared: SharedInventories; slice: TimeSlice },
): Promise<ObjectInfo> {
  const known = shared.findObjectInfo(hash);
  if (known !== null) return known;
  const objectInfo = parseObjectInfo(await parseJson(bytes, slice));
  if (objectInfo === null) throw notComfyui('object_info');
  return shared.shareObjectInfo(hash, objectInfo);
}

async function parseJson(bytes: Uint8Array, slice: TimeSlice): Promise<unknown> {
  try {
    return await parseLargeJson(bytes, slice);
  } catch {
    return null; // not JSON: classified as a foreign server's answer, like any other wrong shape
  }
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
  const waiting = folders.filter((name) => name !== 'custom_nodes' && isName(name)).slice(0, MAX_FOLDERS);
  let room = MAX_NAMES;
  async function drain(): Promise<void> {
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      const names = await orWithout(http.loadModels(folder, { signal }), null);
      if (names === null) continue;
      const listed = names.filter(isName).slice(0, room);
      room -= listed.length;
      models.set(folder, listed);
    }
  }
  await Promise.all(Array.from({ length: FOLDERS_AT_ONCE }, drain));
  return models;
}

function isName(name: string): boolean {
  return name.length <= MAX_NAME_CHARACTERS;
}

/** Errors of a single route, for which the rest of the inventory is kept. */
const OF_THIS_ROUTE = new Set(['BAD_STATUS', 'INVALID_BODY', 'TOO_LARGE']);

/** Returns the fallback for a route that is missing, fails, or gives an unexpected answer; rethrows other errors. */
async function orWithout<T>(call: Promise<T>, fallback: T): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof ComfyError && OF_THIS_ROUTE.has(thrown.code)) return fallback;
    throw thrown;
  }
}
