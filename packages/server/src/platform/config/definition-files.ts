import type { TextPlace } from '@comfleet/comfyui';
import { readRegularFile } from '@comfleet/comfyui/node';
import { isPlainObject } from './environment.ts';
import { parseYaml, type YamlContent } from './yaml-document.ts';

/** A position in a file; without line and column if only the file is known. */
export interface FilePlace extends Partial<TextPlace> {
  readonly file: string;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The YAML files of definitions, each read at most once, to find positions. They may have changed since they were loaded: then
 * the reload after the change reports the problem again.
 */
export class DefinitionFiles {
  readonly #contents = new Map<string, Promise<YamlContent | null>>();

  /**
   * The position of `at` below the keys of `base`, in the last file that has `base`; of the nearest parent key if it is not
   * written. Null if no file has it.
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
      () => null, // deleted since it was loaded
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
