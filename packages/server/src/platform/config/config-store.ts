import { watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AppError, toError } from '../errors/app-error.ts';
import type { Scope } from '../lifecycle/scope.ts';
import type { Logger } from '../logging/logger.ts';
import type { Clock } from '../time/clock.ts';
import { type ConfigSource, type LoadedConfig, loadConfig } from './load-config.ts';
import type { Settings, StartValues } from './settings.ts';

type Listener<Compiled> = (config: Compiled, previous: Compiled) => Promise<void> | void;

/** What a reload did. `needsRestart`: keys of the file whose values wait for a restart. `refused`: the file is not valid and the last good configuration stays. */
export type ReloadOutcome =
  | { kind: 'changed'; needsRestart: readonly string[] }
  | { kind: 'unchanged' }
  | { kind: 'refused'; error: AppError };

interface StoreDeps<Compiled> {
  /** Reads it again; throws CONFIG_INVALID. */
  load: () => Promise<LoadedConfig<Compiled>>;
  file: string | null;
  logger: Logger;
}

const SETTLE_MS = 150;

/** The configuration in force. It changes only to a whole valid one. */
export class ConfigStore<Compiled> {
  readonly #deps: StoreDeps<Compiled>;
  readonly #listeners = new Set<Listener<Compiled>>();
  /** What this process began with. */
  readonly #started: StartValues;
  #current: Compiled;
  #reloading: Promise<ReloadOutcome> | null = null;

  constructor({ config, startValues }: LoadedConfig<Compiled>, deps: StoreDeps<Compiled>) {
    this.#current = config;
    this.#started = startValues;
    this.#deps = deps;
  }

  get current(): Compiled {
    return this.#current;
  }

  /** Called after each change; the answer stops it. */
  onChange(listener: Listener<Compiled>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the file again; concurrent calls share one reading. Never throws for a bad file. */
  reload(): Promise<ReloadOutcome> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  async #reload(): Promise<ReloadOutcome> {
    const { load, file, logger } = this.#deps;
    let loaded: LoadedConfig<Compiled>;
    try {
      loaded = await load();
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      logger.error('config.refused', { file, ...thrown.details });
      return { kind: 'refused', error: thrown };
    }
    const previous = this.#current;
    if (isDeepStrictEqual(loaded.config, previous)) return { kind: 'unchanged' };
    this.#current = loaded.config;
    for (const warning of loaded.warnings) logger.warn('config.warning', warning);
    const needsRestart = Object.entries(loaded.startValues)
      .filter(([key, value]) => !isDeepStrictEqual(value, this.#started[key]))
      .map(([key]) => key);
    if (needsRestart.length > 0) logger.warn('config.changed', { needsRestart });
    else logger.info('config.changed', { needsRestart });
    for (const listener of this.#listeners) await this.#tell(listener, previous);
    return { kind: 'changed', needsRestart };
  }

  async #tell(listener: Listener<Compiled>, previous: Compiled): Promise<void> {
    try {
      await listener(this.#current, previous);
    } catch (thrown) {
      this.#deps.logger.error('config.listener_failed', { error: toError(thrown).message });
    }
  }
}

/**
 * Loads the configuration and reloads it when the file changes. Watches the folder, because editors replace the file.
 * Throws CONFIG_INVALID when the first reading fails.
 */
export async function openConfig<Raw, Compiled>(
  scope: Scope,
  source: ConfigSource,
  deps: { settings: Settings<Raw, Compiled>; clock: Clock; logger: Logger },
): Promise<{ store: ConfigStore<Compiled>; loaded: LoadedConfig<Compiled> }> {
  const loaded = await loadConfig(source, deps.settings);
  const load = () => loadConfig(source, deps.settings);
  const store = new ConfigStore(loaded, { load, file: source.file, logger: deps.logger });
  if (source.file !== null) watchFile(scope, resolve(source.cwd, source.file), store, deps);
  return { store, loaded };
}

function watchFile(
  scope: Scope,
  file: string,
  store: Pick<ConfigStore<unknown>, 'reload'>,
  { clock, logger }: { clock: Clock; logger: Logger },
): void {
  let cancelTimer = () => {};
  const readAgain = (): void => {
    store.reload().catch((thrown: unknown) => {
      logger.error('config.reload_failed', { error: toError(thrown).message });
    });
  };
  const watcher = watch(dirname(file), (_kind, name) => {
    if (name !== null && name !== basename(file)) return;
    cancelTimer();
    cancelTimer = clock.setTimer(SETTLE_MS, readAgain);
  });
  watcher.on('error', (error) => logger.error('config.watch_failed', { error: error.message }));
  scope.add('config watcher', () => {
    cancelTimer();
    watcher.close();
  });
}
