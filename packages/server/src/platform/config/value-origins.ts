import { isPlainObject } from './environment.ts';

/** The sources of a value, the strongest first. `option`: of the command line. */
export type SettingSource = 'option' | 'environment' | 'run_time' | 'file' | 'default';

interface Sources {
  options: unknown;
  environment: unknown;
  /** Names of variables by the key that they set. */
  variables: ReadonlyMap<string, string>;
  runTime: ReadonlyMap<string, unknown>;
  file: unknown;
}

/** Which source gave each value of a configuration. */
export class ValueOrigins {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** The strongest source that has a value for a dotted key. */
  sourceOf(key: string): SettingSource {
    const { options, environment, runTime, file } = this.#sources;
    const path = key.split('.');
    if (findValue(options, path) !== undefined) return 'option';
    if (findValue(environment, path) !== undefined) return 'environment';
    if (runTime.has(key)) return 'run_time';
    return findValue(file, path) === undefined ? 'default' : 'file';
  }

  /** The variable that set a key, itself or with its block; null if none did. */
  variableOf(key: string): string | null {
    const { variables } = this.#sources;
    const path = key.split('.');
    for (let length = path.length; length > 0; length -= 1) {
      const name = variables.get(path.slice(0, length).join('.'));
      if (name !== undefined) return name;
    }
    return null;
  }

  /** Whether a source above the file gave the value at a path, or its list. */
  isAboveFile(path: readonly PropertyKey[]): boolean {
    const { options, environment, runTime } = this.#sources;
    const end = path.findIndex((step) => typeof step !== 'string');
    const keys = (end < 0 ? path : path.slice(0, end)).map(String);
    const given = [findValue(options, keys), findValue(environment, keys), runTime.get(keys.join('.'))];
    return given.some((value) => value !== undefined && !isPlainObject(value));
  }

  /** What the file says; undefined if it says nothing. */
  fileValue(key: string): unknown {
    return findValue(this.#sources.file, key.split('.'));
  }
}

/** The value at a path of keys; undefined if there is none. */
export function findValue(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (place, step) => (isPlainObject(place) && Object.hasOwn(place, step) ? place[step] : undefined),
    tree,
  );
}
