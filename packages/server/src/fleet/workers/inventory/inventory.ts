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

/** What a worker can run: its version, classes, model files and devices, as it told when last asked. */
export interface Inventory {
  readonly version: string;
  /** Of its PyTorch, with the build for its devices (`2.14.1+cu130`); null when it does not say. */
  readonly pytorchVersion: string | null;
  /** What it has, and what it replaces by something that it has. */
  readonly classTypes: ReadonlySet<string>;
  /** Folder → file names with `/`, whatever the worker's system writes. */
  readonly models: ReadonlyMap<string, ReadonlySet<string>>;
  /** Bytes of the files of `models` as the server told them; a folder or file it did not tell is absent. */
  readonly modelSizes: ModelSizes;
  /** What their headers tell of them; of folders of whole models only. */
  readonly modelKinds: ModelKinds;
  /** Names without extension. */
  readonly embeddings: ReadonlySet<string>;
  readonly objectInfo: ObjectInfo;
  /** Classes that are gone and what it puts in their place (ComfyUI 0.14.0 and later). */
  readonly replacements: NodeReplacements;
  /** blake3 of object_info's text: the same text is the same set of classes. */
  readonly objectInfoHash: string;
  readonly devices: readonly Record<string, unknown>[];
  /** Bytes of the first device, 0 when unknown. */
  readonly vramTotal: number;
  /** Largest request body in bytes; null when it does not say. */
  readonly maxUploadBytes: number | null;
  readonly fetchedAtMs: number;
}

/** The answers a worker gave; each is what its route returned (protocol 2, 2.1 and 8). */
export interface InventoryAnswers {
  systemStats: unknown;
  objectInfo: ObjectInfo;
  objectInfoHash: string;
  features: unknown;
  /** Null where the server does not have the route. */
  nodeReplacements: unknown;
  models: ReadonlyMap<string, unknown>;
  modelSizes: ModelSizes;
  modelKinds: ModelKinds;
  embeddings: unknown;
  fetchedAtMs: number;
}

/** An inventory as stored, without object_info, which lies compressed under its hash. Rows of older versions lack what is optional. */
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
  /** Absent in rows of older versions. */
  node_replacements?: [string, NodeReplacement][];
}

/** Reads the answers; null when system_stats is not ComfyUI's. */
export function parseInventory(answers: InventoryAnswers): Inventory | null {
  const stats = parseSystemStats(answers.systemStats);
  const { objectInfo, objectInfoHash } = answers;
  if (stats === null) return null;
  const replacements = parseNodeReplacements(answers.nodeReplacements);
  return {
    version: stats.version ?? 'unknown',
    pytorchVersion: stats.pytorchVersion,
    classTypes: collectClassTypes(objectInfo, replacements),
    replacements,
    models: collectModels(answers.models),
    modelSizes: answers.modelSizes,
    modelKinds: answers.modelKinds,
    embeddings: new Set(readNames(answers.embeddings) ?? []),
    objectInfo,
    objectInfoHash,
    devices: stats.devices,
    vramTotal: readVram(stats.devices),
    maxUploadBytes: readUploadLimit(answers.features),
    fetchedAtMs: answers.fetchedAtMs,
  };
}

/* What is kept and shown of a server; a real one says far less. */
const MAX_VERSION_BYTES = 100;
const MAX_DEVICES = 64;
const MAX_DEVICE_BYTES = 2000;
const MAX_ARGUMENTS = 500;

/** What /system_stats says. */
export interface ServerStats {
  version: string | null;
  pytorchVersion: string | null;
  devices: Record<string, unknown>[];
  argv: string[];
}

/** What /system_stats says of the server; null when the body is not ComfyUI's (HR2). */
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

/** What two addresses of one server have in common; two servers may have it too. */
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

/** Back from SQL. */
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
  for (const [folder, answer] of listed) {
    const names = readNames(answer);
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

/** Bytes free on the first device, as a server tells its devices; null when it does not say. */
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
