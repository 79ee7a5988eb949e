import type { TextPlace } from '@comfleet/comfyui';
import { readRegularFile } from '@comfleet/comfyui/node';
import { isPlainObject } from './environment.ts';
import { parseYaml, type YamlContent } from './yaml-document.ts';

/** A place in a file; without line and column where only the file is known. */
export interface FilePlace extends Partial<TextPlace> {
  readonly file: string;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The YAML files of definitions, each read at most once, to say where something stands. They may have changed since they were
 * loaded: then the load that follows a change says it again.
 */
export class DefinitionFiles {
  readonly #contents = new Map<string, Promise<YamlContent | null>>();

  /**
   * The place of `at` below the keys of `base`, in the last of the files that has `base`; the nearest key above it where it is
   * not written. Null when no file has it.
   */
  async find(
    files: readonly string[],
    base: readonly string[],
    at: readonly string[] = [],
  ): Promise<FilePlace | null> {
    for (const file of files.toReversed()) {
      const content = await this.#read(file);
      if (content && has(content.value, base)) return { file, ...content.findPlace([...base, ...at]) };
    }
    return null;
  }

  #read(file: string): Promise<YamlContent | null> {
    const known = this.#contents.get(file);
    if (known) return known;
    const reading = readRegularFile(file, { maxBytes: MAX_FILE_BYTES }).then(
      (bytes) => parseYaml(bytes.toString('utf8')),
      () => null, // gone since it was loaded
    );
    this.#contents.set(file, reading);
    return reading;
  }
}

function has(tree: unknown, path: readonly string[]): boolean {
  let place = tree;
  for (const key of path) {
    if (!isPlainObject(place) || !Object.hasOwn(place, key)) return false;
    place = place[key];
  }
  return true;
}
