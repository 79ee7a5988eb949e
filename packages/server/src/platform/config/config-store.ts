import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionProblem } from '@comfleet/contract';
import { AppError } from '../errors/app-error.ts';
import type { Logger } from '../logging/logger.ts';
import { listProblems } from './config-problem.ts';
import { FileStamps } from './file-stamps.ts';
import { listChangedKeys } from './list-changed-keys.ts';
import { type ConfigSource, type LoadedConfig, loadConfig } from './load-config.ts';
import type { Settings, StartValues } from './settings.ts';

type Listener<Compiled> = (config: Compiled, previous: Compiled) => Promise<void> | void;

/**
 * The result of a reload, by keys of the file: those now in force, and those that need a restart. `refused`: the file is invalid
 * and the last good configuration stays in force.
 */
export type ReloadOutcome =
  | { kind: 'changed'; inForce: readonly string[]; needsRestart: readonly string[] }
  | { kind: 'unchanged' }
  | { kind: 'refused'; error: AppError };

interface StoreDeps<Compiled> {
  /** Reads it again, recording each file before; throws CONFIG_INVALID. */
  load: (stamps: FileStamps) => Promise<LoadedConfig<Compiled>>;
  file: string | null;
  logger: Logger;
}

/** The configuration in force. Replaced only by a complete, valid one. */
export class ConfigStore<Compiled> {
  readonly #deps: StoreDeps<Compiled>;
  readonly #listeners = new Set<Listener<Compiled>>();
  /** What this process started with. */
  readonly #started: StartValues;
  #current: Compiled;
  #raw: unknown;
  #stamps: FileStamps;
  #refusal: AppError | null = null;
  #reloading: Promise<ReloadOutcome> | null = null;

  constructor(
    { config, startValues, raw }: LoadedConfig<Compiled>,
    stamps: FileStamps,
    deps: StoreDeps<Compiled>,
  ) {
    this.#current = config;
    this.#raw = raw;
    this.#stamps = stamps;
    this.#started = startValues;
    this.#deps = deps;
  }

  get current(): Compiled {
    return this.#current;
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

  /** Reads the file again; concurrent calls share one load. Never throws for a bad file. */
  reload(): Promise<ReloadOutcome> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  async #reload(): Promise<ReloadOutcome> {
    const { load, file, logger } = this.#deps;
    let loaded: LoadedConfig<Compiled>;
    const stamps = new FileStamps();
    try {
      loaded = await load(stamps);
      this.#refusal = null;
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      logger.error('config.refused', { file, ...thrown.details });
      this.#refusal = thrown;
      return { kind: 'refused', error: thrown };
    } finally {
      this.#stamps = stamps;
    }
    const previous = this.#current;
    if (isDeepStrictEqual(loaded.config, previous)) return { kind: 'unchanged' };
    this.#current = loaded.config;
    for (const { path, message } of loaded.warnings) logger.warn('config.warning', { path, message });
    const needsRestart = Object.entries(loaded.startValues)
      .filter(([key, value]) => !isDeepStrictEqual(value, this.#started[key]))
      .map(([key]) => key);
    const waits = (key: string) => Object.keys(loaded.startValues).some((k) => `${key}.`.startsWith(`${k}.`));
    const inForce = listChangedKeys(this.#raw, loaded.raw).filter((key) => !waits(key));
    this.#raw = loaded.raw;
    if (needsRestart.length > 0) logger.warn('config.changed', { needsRestart });
    else logger.info('config.changed', { needsRestart });
    for (const listener of this.#listeners) await this.#notify(listener, previous);
    return { kind: 'changed', inForce, needsRestart };
  }

  async #notify(listener: Listener<Compiled>, previous: Compiled): Promise<void> {
    try {
      await listener(this.#current, previous);
    } catch (thrown) {
      this.#deps.logger.error('config.listener_failed', { error: thrown });
    }
  }
}

/** Loads the configuration, to be reloaded when its files change. Throws CONFIG_INVALID if the first load fails. */
export async function openConfig<Raw, Compiled>(
  source: ConfigSource,
  { settings, logger }: { settings: Settings<Raw, Compiled>; logger: Logger },
): Promise<{ store: ConfigStore<Compiled>; loaded: LoadedConfig<Compiled> }> {
  // A file that has disappeared is an error; one that never existed is not.
  let { isOptional = false } = source;
  const load = async (stamps: FileStamps) => {
    const beforeRead = (file: string) => stamps.record(file);
    const loaded = await loadConfig({ ...source, isOptional, beforeRead }, settings);
    isOptional &&= !loaded.isFromFile;
    return loaded;
  };
  const stamps = new FileStamps();
  const loaded = await load(stamps);
  const file = source.file === null ? null : resolve(source.cwd, source.file);
  return { store: new ConfigStore(loaded, stamps, { load, file, logger }), loaded };
}
