import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionProblem } from '@comfleet/contract';
import { AppError } from '../errors/app-error.ts';
import type { Logger } from '../logging/logger.ts';
import { listProblems } from './config-problem.ts';
import { FileStamps } from './file-stamps.ts';
import { type Layered, type LeftOut, layerValues } from './layer-values.ts';
import { listChangedKeys } from './list-changed-keys.ts';
import {
  type ConfigSource,
  type LoadedConfig,
  loadConfig,
  type ReadFile,
  type RunTimeValues,
  readConfigFile,
} from './load-config.ts';
import type { Settings } from './settings.ts';
import type { ValueOrigins } from './value-origins.ts';

type Listener<Compiled> = (config: Compiled, previous: Compiled) => Promise<void> | void;

/**
 * The result of a reload, by keys of the file: those now in force, those that need a restart, and those that the file changed
 * without effect, as they were changed at run time. `refused`: the file is invalid and the last good configuration stays in force.
 */
export type ReloadOutcome =
  | {
      kind: 'changed';
      inForce: readonly string[];
      needsRestart: readonly string[];
      overridden: readonly string[];
    }
  | { kind: 'unchanged'; overridden: readonly string[] }
  | { kind: 'refused'; error: AppError };

/** Loads from files that `read` reads, with settings changed at run time. Throws CONFIG_INVALID. */
type Load<Compiled> = (read: ReadFile, values: RunTimeValues) => Promise<LoadedConfig<Compiled>>;

interface StoreDeps<Compiled> {
  load: Load<Compiled>;
  file: string | null;
  logger: Logger;
}

/** One setting to change at run time. */
export interface Change<Compiled> {
  /** Dotted, as in the file. */
  key: string;
  /** Null: the file decides again. */
  to: { value: unknown } | null;
  /** Makes the change durable; gets the configuration with it. */
  store: (next: LoadedConfig<Compiled>) => Promise<void>;
}

/** The files of a configuration as they were read. */
interface ReadFiles {
  read: ReadFile;
  stamps: FileStamps;
}

/**
 * The configuration in force: the files, and over them what was changed at run time. Replaced only by a complete, valid one, one
 * change after the other.
 */
export class ConfigStore<Compiled> {
  readonly #deps: StoreDeps<Compiled>;
  readonly #listeners = new Set<Listener<Compiled>>();
  /** What this process started with. */
  #started: LoadedConfig<Compiled>;
  #layers: Layered<Compiled>;
  /** The last good files. */
  #files: ReadFiles;
  /** Of the last read, good or not. */
  #stamps: FileStamps;
  #refusal: AppError | null = null;
  #reloading: Promise<ReloadOutcome> | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(loaded: LoadedConfig<Compiled>, files: ReadFiles, deps: StoreDeps<Compiled>) {
    this.#started = loaded;
    this.#layers = { loaded, values: new Map(), leftOut: new Map() };
    this.#files = files;
    this.#stamps = files.stamps;
    this.#deps = deps;
  }

  get current(): Compiled {
    return this.#layers.loaded.config;
  }

  /** In the file's format, with defaults filled in; what needs a restart has its new value already. */
  get raw(): unknown {
    return this.#layers.loaded.raw;
  }

  /** The same as this process started with it. */
  get startedRaw(): unknown {
    return this.#started.raw;
  }

  /** The dotted keys, or blocks of keys, that need a restart. */
  get startKeys(): readonly string[] {
    return Object.keys(this.#started.startValues);
  }

  get origins(): ValueOrigins {
    return this.#layers.loaded.origins;
  }

  /** Settings changed at run time that the configuration does not allow, by key. */
  get leftOut(): ReadonlyMap<string, LeftOut> {
    return this.#layers.leftOut;
  }

  /** The YAML file, which may be missing; null if none is configured. */
  get file(): string | null {
    return this.#deps.file;
  }

  /** Its files as of the last read. */
  get stamps(): FileStamps {
    return this.#stamps;
  }

  /** Why the last read version is not in force; empty if it is. */
  problems(): DefinitionProblem[] {
    return this.#refusal === null ? [] : listProblems(this.#refusal);
  }

  /** Called after each change; returns the unsubscriber. */
  onChange(listener: Listener<Compiled>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** At the start, before anything else reads a value: what was changed at run time before. Values that are not valid are left out. */
  start(values: RunTimeValues): Promise<void> {
    return this.#inTurn(async () => {
      this.#layers = await layerValues(this.#loadFrom(this.#files), values);
      const { config: previous } = this.#started;
      this.#started = this.#layers.loaded;
      this.#reportLeftOut(new Map());
      for (const listener of this.#listeners) await this.#notify(listener, previous);
    });
  }

  /** Reads the file again; concurrent calls share one load. Never throws for a bad file. */
  reload(): Promise<ReloadOutcome> {
    this.#reloading ??= this.#inTurn(() => this.#reload()).finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  /**
   * Changes one setting at run time, when all changes before are done and `choose` still wants it. It is validated with the whole
   * configuration, over the last good files; then `store` makes it durable; then it is in force. Throws CONFIG_INVALID, or what
   * `choose` and `store` throw; nothing has changed then.
   */
  change(choose: () => Change<Compiled> | null): Promise<void> {
    return this.#inTurn(async () => {
      const change = choose();
      if (change === null) return;
      const load = this.#loadFrom(this.#files);
      const values = new Map(this.#layers.values);
      if (change.to === null) values.delete(change.key);
      else values.set(change.key, change.to.value);
      const loaded = await load(values);
      await change.store(loaded);
      const others = [...this.leftOut].filter(([key]) => key !== change.key);
      // What could not be in force before may be now.
      const all = new Map([...values, ...others.map(([key, { value }]) => [key, value] as const)]);
      await this.#take(
        others.length === 0 ? { loaded, values, leftOut: new Map() } : await layerValues(load, all),
      );
    });
  }

  async #reload(): Promise<ReloadOutcome> {
    const { file, logger } = this.#deps;
    const files = openFiles();
    this.#stamps = files.stamps;
    let layers: Layered<Compiled>;
    try {
      layers = await layerValues(this.#loadFrom(files), this.#allValues());
      this.#refusal = null;
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      logger.error('config.refused', { file, ...thrown.details });
      this.#refusal = thrown;
      return { kind: 'refused', error: thrown };
    }
    this.#files = files;
    return this.#take(layers);
  }

  /** Puts a configuration in force and tells the listeners. */
  async #take(layers: Layered<Compiled>): Promise<ReloadOutcome> {
    const { logger } = this.#deps;
    const before = this.#layers;
    const { loaded } = layers;
    this.#layers = layers;
    this.#reportLeftOut(before.leftOut);
    const overridden = [...layers.values.keys()].filter(
      (key) => !isDeepStrictEqual(before.loaded.origins.fileValue(key), loaded.origins.fileValue(key)),
    );
    if (isDeepStrictEqual(loaded.config, before.loaded.config)) return { kind: 'unchanged', overridden };
    for (const { path, message } of loaded.warnings) logger.warn('config.warning', { path, message });
    const needsRestart = Object.entries(loaded.startValues)
      .filter(([key, value]) => !isDeepStrictEqual(value, this.#started.startValues[key]))
      .map(([key]) => key);
    const waits = (key: string) => this.startKeys.some((k) => `${key}.`.startsWith(`${k}.`));
    const inForce = listChangedKeys(before.loaded.raw, loaded.raw).filter((key) => !waits(key));
    if (needsRestart.length > 0) logger.warn('config.changed', { inForce, needsRestart });
    else logger.info('config.changed', { inForce, needsRestart });
    for (const listener of this.#listeners) await this.#notify(listener, before.loaded.config);
    return { kind: 'changed', inForce, needsRestart, overridden };
  }

  async #notify(listener: Listener<Compiled>, previous: Compiled): Promise<void> {
    try {
      await listener(this.current, previous);
    } catch (thrown) {
      this.#deps.logger.error('config.listener_failed', { error: thrown });
    }
  }

  /** Says which stored settings are not in force, once each. */
  #reportLeftOut(before: ReadonlyMap<string, LeftOut>): void {
    for (const [setting, { value, error }] of this.leftOut)
      if (!isDeepStrictEqual(before.get(setting)?.value, value))
        this.#deps.logger.error('setting.left_out', { setting, value, problems: listProblems(error) });
  }

  #allValues(): RunTimeValues {
    const leftOut = [...this.leftOut].map(([key, { value }]) => [key, value] as const);
    return new Map([...this.#layers.values, ...leftOut]);
  }

  #loadFrom({ read }: ReadFiles): (values: RunTimeValues) => Promise<LoadedConfig<Compiled>> {
    return (values) => this.#deps.load(read, values);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined); // the caller gets the failure; the next change continues
    return done;
  }
}

/** Reads each file once, recording its state before; what was read, or why it could not be, is remembered. */
function openFiles(): ReadFiles {
  const stamps = new FileStamps();
  const known = new Map<string, Promise<string>>();
  const load = async (file: string) => {
    await stamps.record(file);
    return readConfigFile(file);
  };
  const read = (file: string) => {
    const reading = known.get(file) ?? load(file);
    known.set(file, reading);
    return reading;
  };
  return { read, stamps };
}

/** Loads the configuration, to be reloaded when its files change. Throws CONFIG_INVALID if the first load fails. */
export async function openConfig<Raw, Compiled>(
  source: ConfigSource,
  { settings, logger }: { settings: Settings<Raw, Compiled>; logger: Logger },
): Promise<{ store: ConfigStore<Compiled>; loaded: LoadedConfig<Compiled> }> {
  // A file that has disappeared is an error; one that never existed is not.
  let { isOptional = false } = source;
  const load: Load<Compiled> = async (read, runTime) => {
    const loaded = await loadConfig({ ...source, isOptional, read, runTime }, settings);
    isOptional &&= !loaded.isFromFile;
    return loaded;
  };
  const files = openFiles();
  const loaded = await load(files.read, new Map());
  const file = source.file === null ? null : resolve(source.cwd, source.file);
  return { store: new ConfigStore(loaded, files, { load, file, logger }), loaded };
}
