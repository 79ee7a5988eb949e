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

/** Folder → file name with `/` → kind by its header; null if the header does not reveal it. */
export type ModelKinds = ReadonlyMap<string, ReadonlyMap<string, ModelKind | null>>;

export interface KindsDeps {
  http: Pick<ComfyHttp, 'baseUrl' | 'loadModelMetadata' | 'loadFolderPaths'>;
  clock: Clock;
  signal: AbortSignal;
}

/** Kinds known before; a file with the same name and size is not read again. */
export interface KnownKinds {
  modelSizes: ModelSizes;
  modelKinds: ModelKinds;
}

/** Folders whose models a workflow depends on. */
const FOLDERS = ['checkpoints', 'diffusion_models'];
const FILES_AT_ONCE = 4;
/** Time limit, so that a worker joins soon; the remaining files are read with the next inventory. */
const MAX_MS = 10_000;

/**
 * Reads the headers of models: the whole header if the worker's files are on this machine, else the metadata that it reports.
 * Throws ComfyError when the worker does not answer.
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
  /** Null when not reported. */
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

/** True when its paths may be on this machine; file sizes then decide. */
function isLocal(baseUrl: string): boolean {
  return isLoopbackHost(new URL(baseUrl).hostname);
}

const OF_THIS_ROUTE = new Set(['BAD_STATUS', 'INVALID_BODY', 'TOO_LARGE', 'TIMEOUT']);

/** Returns the fallback for a failed route, as for a damaged file, so that the inventory is kept. */
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

/** The form from SQL. */
export function fromStoredKinds(stored: Readonly<StoredKinds>): ModelKinds {
  return new Map(Object.entries(stored).map(([folder, files]) => [folder, new Map(Object.entries(files))]));
}

/** The kind of a file by its header in any folder, else by its name; null when neither reveals it. */
export function findModelKind(kinds: Iterable<ModelKinds>, name: string): ModelKind | null {
  for (const folders of kinds)
    for (const files of folders.values()) {
      const kind = files.get(name);
      if (kind) return kind;
    }
  return detectKindByName(name);
}
