import { ComfyError, type ComfyHttp } from '@comfleet/comfyui';

/** Folder → file name with `/` → bytes. */
export type ModelSizes = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Loads the file sizes of these folders one by one, because the server walks each folder for the answer. Folders without a valid
 * answer are absent. Throws ComfyError when the worker does not answer.
 */
export async function loadModelSizes(
  http: Pick<ComfyHttp, 'loadModelSizes'>,
  folders: Iterable<string>,
  signal: AbortSignal,
): Promise<ModelSizes> {
  const sizes = new Map<string, ReadonlyMap<string, number>>();
  for (const folder of folders) {
    const listed = await orNull(http.loadModelSizes(folder, { signal }));
    if (listed !== null && listed.size > 0) sizes.set(folder, listed);
  }
  return sizes;
}

const OF_THIS_ROUTE = new Set(['BAD_STATUS', 'INVALID_BODY', 'TOO_LARGE', 'TIMEOUT']);

/** Returns null for an error of this route alone, so that the inventory is kept. */
async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof ComfyError && OF_THIS_ROUTE.has(thrown.code)) return null;
    throw thrown;
  }
}

/** The form for SQL, sorted, so that equal sizes give equal text. */
export function toStoredSizes(sizes: ModelSizes): Record<string, Record<string, number>> {
  const folders = [...sizes].map(([folder, files]) => [folder, Object.fromEntries([...files].sort())]);
  return Object.fromEntries(folders.sort());
}

/** The form from SQL. */
export function fromStoredSizes(stored: Readonly<Record<string, Record<string, number>>>): ModelSizes {
  return new Map(Object.entries(stored).map(([folder, files]) => [folder, new Map(Object.entries(files))]));
}
