import { ComfyError, type ComfyHttp } from '@comfleet/comfyui';

/** Folder → file name with `/` → bytes. */
export type ModelSizes = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Asks for the sizes of the files in these folders, one folder after another: the server walks each of them meanwhile. One
 * that it does not tell, or tells wrongly, is absent. Throws ComfyError when the worker does not answer.
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

/** Nobody loses the inventory for sizes: what may be the trouble of this route alone is an answer without any. */
async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof ComfyError && OF_THIS_ROUTE.has(thrown.code)) return null;
    throw thrown;
  }
}

/** The form for SQL, in order, so that equal ones are equal texts. */
export function toStoredSizes(sizes: ModelSizes): Record<string, Record<string, number>> {
  const folders = [...sizes].map(([folder, files]) => [folder, Object.fromEntries([...files].sort())]);
  return Object.fromEntries(folders.sort());
}

/** Back from SQL. */
export function fromStoredSizes(stored: Readonly<Record<string, Record<string, number>>>): ModelSizes {
  return new Map(Object.entries(stored).map(([folder, files]) => [folder, new Map(Object.entries(files))]));
}
