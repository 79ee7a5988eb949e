import {
  ComfyError,
  type ComfyHttp,
  detectKindByHeader,
  detectKindByName,
  type ModelKind,
} from '@comfleet/comfyui';
import { isLoopbackHost } from '../../../platform/config/sample-secret.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { readLocalHeader } from './local-header.ts';
import type { ModelSizes } from './model-sizes.ts';

/** Folder → file name with `/` → what its header tells; null where it was asked and tells nothing. */
export type ModelKinds = ReadonlyMap<string, ReadonlyMap<string, ModelKind | null>>;

export interface KindsDeps {
  http: Pick<ComfyHttp, 'baseUrl' | 'loadModelMetadata' | 'loadFolderPaths'>;
  clock: Clock;
  signal: AbortSignal;
}

/** What was learned before: a file of the same name and size is not asked about again. */
export interface KnownKinds {
  modelSizes: ModelSizes;
  modelKinds: ModelKinds;
}

/** Folders of models that a workflow is written for. */
const FOLDERS = ['checkpoints', 'diffusion_models'];
const FILES_AT_ONCE = 4;
/** A worker is not kept waiting for long: what was not asked in this time is asked with the next inventory. */
const MAX_MS = 10_000;

/**
 * Reads the headers of models: the whole header where the worker's files are those of this machine, else the metadata that it
 * tells. Throws ComfyError when the worker does not answer.
 */
export async function loadModelKinds(
  deps: KindsDeps,
  { models, modelSizes }: { models: ReadonlyMap<string, Iterable<string>>; modelSizes: ModelSizes },
  before: KnownKinds | null,
): Promise<ModelKinds> {
  const untilMs = deps.clock.monotonicMs() + MAX_MS;
  const paths = isLocal(deps.http.baseUrl) ? await orElse(deps.http.loadFolderPaths(deps), {}) : {};
  const kinds = new Map<string, ReadonlyMap<string, ModelKind | null>>();
  for (const folder of FOLDERS) {
    const found = new Map<string, ModelKind | null>();
    const sizes = modelSizes.get(folder);
    const waiting = [...(models.get(folder) ?? [])].filter((name) => name.endsWith('.safetensors'));
    async function drain(): Promise<void> {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
        const sizeBytes = sizes?.get(name) ?? null;
        const known = findKnown(before, { folder, name, sizeBytes });
        if (known !== undefined) found.set(name, known);
        else if (deps.clock.monotonicMs() < untilMs)
          found.set(name, await askKind(deps, paths[folder] ?? [], { folder, name, sizeBytes }));
      }
    }
    await Promise.all(Array.from({ length: FILES_AT_ONCE }, drain));
    if (found.size > 0) kinds.set(folder, new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1))));
  }
  return kinds;
}

interface File {
  folder: string;
  name: string;
  /** Null where the worker did not tell it. */
  sizeBytes: number | null;
}

function findKnown(
  before: KnownKinds | null,
  { folder, name, sizeBytes }: File,
): ModelKind | null | undefined {
  const isSame = sizeBytes !== null && before?.modelSizes.get(folder)?.get(name) === sizeBytes;
  return isSame ? before?.modelKinds.get(folder)?.get(name) : undefined;
}

async function askKind(
  { http, signal }: KindsDeps,
  folders: readonly string[],
  { folder, name, sizeBytes }: File,
): Promise<ModelKind | null> {
  const header = sizeBytes === null ? null : await readLocalHeader(folders, { name, sizeBytes });
  if (header !== null) return detectKindByHeader(header, name);
  const metadata = await orElse(http.loadModelMetadata({ folder, name }, { signal }), null);
  return metadata && detectKindByHeader({ metadata, shapes: null }, name);
}

/** Its paths may be of this machine: the sizes of files decide it. */
function isLocal(baseUrl: string): boolean {
  return isLoopbackHost(new URL(baseUrl).hostname);
}

const OF_THIS_ROUTE = new Set(['BAD_STATUS', 'INVALID_BODY', 'TOO_LARGE', 'TIMEOUT']);

/** Nobody loses the inventory for kinds: a damaged file answers 500. */
async function orElse<T>(call: Promise<T>, fallback: T): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof ComfyError && OF_THIS_ROUTE.has(thrown.code)) return fallback;
    throw thrown;
  }
}

/** The form for SQL. */
export type StoredKinds = Record<string, Record<string, ModelKind | null>>;

export function toStoredKinds(kinds: ModelKinds): StoredKinds {
  return Object.fromEntries([...kinds].map(([folder, files]) => [folder, Object.fromEntries(files)]));
}

/** Back from SQL. */
export function fromStoredKinds(stored: Readonly<StoredKinds>): ModelKinds {
  return new Map(Object.entries(stored).map(([folder, files]) => [folder, new Map(Object.entries(files))]));
}

/** The kind of a file by its header, in whatever folder it stands, else by its name; null when neither tells it. */
export function findModelKind(kinds: Iterable<ModelKinds>, name: string): ModelKind | null {
  for (const folders of kinds)
    for (const files of folders.values()) {
      const kind = files.get(name);
      if (kind) return kind;
    }
  return detectKindByName(name);
}
