import {
  cutRecord,
  cutText,
  findReplacement,
  isRecord,
  type NodeReplacement,
  type NodeReplacements,
  type ObjectInfo,
  parseNodeReplacements,
} from '@comfleet/comfyui';
import { fromStoredKinds, type ModelKinds, type StoredKinds, toStoredKinds } from './model-kinds.ts';
import { fromStoredSizes, type ModelSizes, toStoredSizes } from './model-sizes.ts';

/** What a worker can run, as it last reported: version, node classes, model files and devices. */
export interface Inventory {
  readonly version: string;
  /** PyTorch version with its build (`2.14.1+cu130`); null when not reported. */
  readonly pytorchVersion: string | null;
  /** Node classes that it has, or replaces with one that it has. */
  readonly classTypes: ReadonlySet<string>;
  /** Folder → file names with `/`, on every operating system. */
  readonly models: ReadonlyMap<string, ReadonlySet<string>>;
  /** Sizes of the files of `models` in bytes; unreported folders and files are absent. */
  readonly modelSizes: ModelSizes;
  /** Kinds of models by their headers; only for folders of whole models. */
  readonly modelKinds: ModelKinds;
  /** Names without extension. */
  readonly embeddings: ReadonlySet<string>;
  readonly objectInfo: ObjectInfo;
  /** Removed classes and their replacements (ComfyUI 0.14.0 and later). */
  readonly replacements: NodeReplacements;
  /** blake3 of object_info's text; equal text means equal classes. */
  readonly objectInfoHash: string;
  readonly devices: readonly Record<string, unknown>[];
  /** Bytes of the first device, 0 when unknown. */
  readonly vramTotal: number;
  /** Largest request body in bytes; null when not reported. */
  readonly maxUploadBytes: number | null;
  readonly fetchedAtMs: number;
}

/** The answers of a worker's routes (protocol 2, 2.1 and 8). */
export interface InventoryResponses {
  systemStats: unknown;
  objectInfo: ObjectInfo;
  objectInfoHash: string;
  features: unknown;
  /** Null when the server does not have the route. */
  nodeReplacements: unknown;
  models: ReadonlyMap<string, unknown>;
  modelSizes: ModelSizes;
  modelKinds: ModelKinds;
  embeddings: unknown;
  fetchedAtMs: number;
}

/** An inventory as stored, without object_info, which is stored under its hash. Older rows lack the optional fields. */
export interface StoredInventory {
  version: string;
  pytorch_version?: string | null;
  models: Record<string, string[]>;
  model_sizes?: Record<string, Record<string, number>>;
  model_kinds?: StoredKinds;
  embeddings: string[];
  devices: Record<string, unknown>[];
  vram_total: number;
  max_upload_bytes: number | null;
  fetched_at: number;
  /** Absent in older rows. */
  node_replacements?: [string, NodeReplacement][];
}

/** Parses the answers; null when system_stats is not ComfyUI's. */
export function parseInventory(responses: InventoryResponses): Inventory | null {
  const stats = parseSystemStats(responses.systemStats);
  const { objectInfo, objectInfoHash } = responses;
  if (stats === null) return null;
  const replacements = parseNodeReplacements(responses.nodeReplacements);
  return {
    version: stats.version ?? 'unknown',
    pytorchVersion: stats.pytorchVersion,
    classTypes: collectClassTypes(objectInfo, replacements),
    replacements,
    models: collectModels(responses.models),
    modelSizes: responses.modelSizes,
    modelKinds: responses.modelKinds,
    embeddings: new Set(readNames(responses.embeddings) ?? []),
    objectInfo,
    objectInfoHash,
    devices: stats.devices,
    vramTotal: readVram(stats.devices),
    maxUploadBytes: readUploadLimit(responses.features),
    fetchedAtMs: responses.fetchedAtMs,
  };
}

/* Limits of what is stored and shown of a server; a real one reports far less. */
const MAX_VERSION_BYTES = 100;
const MAX_DEVICES = 64;
const MAX_DEVICE_BYTES = 2000;
const MAX_ARGUMENTS = 500;

/** The content of /system_stats. */
export interface ServerStats {
  version: string | null;
  pytorchVersion: string | null;
  devices: Record<string, unknown>[];
  argv: string[];
}

/** Parses /system_stats; null when the body is not ComfyUI's (HR2). */
export function parseSystemStats(body: unknown): ServerStats | null {
  if (!isRecord(body) || !isRecord(body.system) || !Array.isArray(body.devices)) return null;
  const { system } = body;
  const version = system.comfyui_version;
  const pytorchVersion = system.pytorch_version;
  const argv = system.argv;
  return {
    version: typeof version === 'string' ? cutText(version, MAX_VERSION_BYTES) : null,
    pytorchVersion: typeof pytorchVersion === 'string' ? cutText(pytorchVersion, MAX_VERSION_BYTES) : null,
    devices: body.devices
      .filter(isRecord)
      .slice(0, MAX_DEVICES)
      .map((device) => cutRecord(device, MAX_DEVICE_BYTES)),
    argv: Array.isArray(argv) ? argv.filter((item) => typeof item === 'string').slice(0, MAX_ARGUMENTS) : [],
  };
}

const MAX_CLASSES = 100_000;

/** Text that is equal for two addresses of one server; two servers may have it in common, too. */
export function describeServer({ version, pytorchVersion, argv, devices }: ServerStats): string {
  const hardware = devices.map(({ name, type, index, vram_total }) => [name, type, index, vram_total]);
  return JSON.stringify([version, pytorchVersion, argv, hardware]);
}

/** object_info when it is an object of class descriptions with at least one class; else null. */
export function parseObjectInfo(body: unknown): ObjectInfo | null {
  if (!isRecord(body)) return null;
  const classes = Object.values(body);
  return classes.length > 0 && classes.length <= MAX_CLASSES && classes.every(isRecord)
    ? (body as ObjectInfo)
    : null;
}

/** The form for SQL. */
export function toStoredInventory(inventory: Inventory): StoredInventory {
  return {
    version: inventory.version,
    pytorch_version: inventory.pytorchVersion,
    models: Object.fromEntries([...inventory.models].map(([folder, names]) => [folder, [...names]])),
    model_sizes: toStoredSizes(inventory.modelSizes),
    model_kinds: toStoredKinds(inventory.modelKinds),
    embeddings: [...inventory.embeddings],
    devices: [...inventory.devices],
    vram_total: inventory.vramTotal,
    max_upload_bytes: inventory.maxUploadBytes,
    fetched_at: inventory.fetchedAtMs,
    node_replacements: [...inventory.replacements],
  };
}

/** The form from SQL. */
export function fromStoredInventory(
  stored: StoredInventory,
  objectInfo: ObjectInfo,
  objectInfoHash: string,
): Inventory {
  const replacements = new Map(stored.node_replacements ?? []);
  return {
    version: stored.version,
    pytorchVersion: stored.pytorch_version ?? null,
    classTypes: collectClassTypes(objectInfo, replacements),
    replacements,
    models: new Map(Object.entries(stored.models).map(([folder, names]) => [folder, new Set(names)])),
    modelSizes: fromStoredSizes(stored.model_sizes ?? {}),
    modelKinds: fromStoredKinds(stored.model_kinds ?? {}),
    embeddings: new Set(stored.embeddings),
    objectInfo,
    objectInfoHash,
    devices: stored.devices,
    vramTotal: stored.vram_total,
    maxUploadBytes: stored.max_upload_bytes,
    fetchedAtMs: stored.fetched_at,
  };
}

function collectClassTypes(objectInfo: ObjectInfo, replacements: NodeReplacements): Set<string> {
  const replaced = [...replacements.keys()].filter((name) => findReplacement(name, objectInfo, replacements));
  return new Set([...Object.keys(objectInfo), ...replaced]);
}

function collectModels(listed: ReadonlyMap<string, unknown>): Map<string, ReadonlySet<string>> {
  const models = new Map<string, ReadonlySet<string>>();
  for (const [folder, files] of listed) {
    const names = readNames(files);
    if (names !== null) models.set(folder, new Set(names.map(toSlashes)));
  }
  return models;
}

function readNames(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
}

function readVram(devices: readonly Record<string, unknown>[]): number {
  const total = devices[0]?.vram_total;
  return typeof total === 'number' ? total : 0;
}

/** Free bytes on the first device; null when not reported. */
export function readVramFree(devices: readonly Readonly<Record<string, unknown>>[]): number | null {
  const free = devices[0]?.vram_free;
  return typeof free === 'number' ? free : null;
}

function readUploadLimit(features: unknown): number | null {
  const limit = isRecord(features) ? features.max_upload_size : null;
  return typeof limit === 'number' && limit > 0 ? limit : null;
}

function toSlashes(name: string): string {
  return name.replaceAll('\\', '/');
}
