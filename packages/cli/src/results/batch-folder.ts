import { access, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BatchDetail, Task } from '@comfleet/contract';
import type { Comfleet } from '@comfleet/sdk';
import { type BatchManifest, createManifest, nameItemFile, promptOf } from './batch-files.ts';
import { prepareFolder, saveDownload } from './save-results.ts';

/**
 * A folder with the files of one batch and its manifest, `batch-ID.json`. Opened again it knows what is there: what the manifest
 * names and the folder has is not loaded twice.
 */
export class BatchFolder {
  readonly path: string;
  readonly #batchId: string;
  readonly #names: string;
  readonly #files: Map<string, string[]>;

  private constructor(path: string, batchId: string, names: string, files: Map<string, string[]>) {
    this.path = path;
    this.#batchId = batchId;
    this.#names = names;
    this.#files = files;
  }

  static async open(
    path: string,
    { batchId, names }: { batchId: string; names: string },
  ): Promise<BatchFolder> {
    await prepareFolder(path);
    const files = new Map<string, string[]>();
    for (const { task_id: taskId, files: known } of await readItems(join(path, toManifestName(batchId)))) {
      const there = await Promise.all(known.map((name) => isThere(join(path, basename(name)))));
      if (known.length > 0 && there.every(Boolean)) files.set(taskId, known);
    }
    return new BatchFolder(path, batchId, names, files);
  }

  /** Saves what an item made; gives the paths of new files. `item` counts from 1. */
  async save(
    comfleet: Comfleet,
    task: Pick<Task, 'task_id' | 'results' | 'seed' | 'parameters'>,
    { item, total, signal }: { item: number; total: number; signal: AbortSignal },
  ): Promise<string[]> {
    if (this.#files.has(task.task_id)) return [];
    const named = { item, total, seed: task.seed, prompt: promptOf(task) };
    const paths: string[] = [];
    for (const result of task.results) {
      const download = await comfleet.tasks.download(task.task_id, { index: result.index, signal });
      const name = nameItemFile(this.#names, named, result);
      paths.push(await saveDownload(download, { folder: this.path, name, sizeBytes: result.size_bytes }));
    }
    if (paths.length > 0)
      this.#files.set(
        task.task_id,
        paths.map((path) => basename(path)),
      );
    return paths;
  }

  /** Writes the manifest, whole or not at all; gives its path. */
  async describe(batch: BatchDetail): Promise<string> {
    const path = join(this.path, toManifestName(this.#batchId));
    const draft = `${path}.part`;
    await writeFile(draft, `${JSON.stringify(createManifest(batch, this.#files), null, 2)}\n`);
    await rename(draft, path);
    return path;
  }
}

function toManifestName(batchId: string): string {
  return `batch-${batchId}.json`;
}

/** Nothing where there is no manifest yet. */
async function readItems(path: string): Promise<BatchManifest['items']> {
  if (!(await isThere(path))) return [];
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Partial<BatchManifest>;
  return manifest.items ?? [];
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
