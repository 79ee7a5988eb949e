import { watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AppError, toError } from '../errors/app-error.ts';
import type { Scope } from '../lifecycle/scope.ts';
import type { Logger } from '../logging/logger.ts';
import type { Clock } from '../time/clock.ts';
import type { Config } from './config.ts';
import { type ConfigSource, type LoadedConfig, loadConfig } from './load-config.ts';

type Listener = (config: Config, previous: Config) => Promise<void> | void;

/** What a reload did. `refused`: the file is not valid and the last good configuration stays. */
export type ReloadOutcome =
  | { kind: 'changed'; needsRestart: readonly string[] }
  | { kind: 'unchanged' }
  | { kind: 'refused'; error: AppError };

const SETTLE_MS = 150;
/** Read once at the start: a change needs a restart, and is said. */
const RESTART_KEYS = [
  'server',
  'dataDir',
  'durability',
  'database',
  'redis',
  'auth',
  'limits',
  'logging',
] as const;

/** The configuration in force. It changes only to a whole valid one. */
export class ConfigStore {
  readonly #source: ConfigSource;
  readonly #logger: Logger;
  readonly #listeners = new Set<Listener>();
  #current: Config;
  #reloading: Promise<ReloadOutcome> | null = null;

  constructor(source: ConfigSource, loaded: LoadedConfig, logger: Logger) {
    this.#source = source;
    this.#current = loaded.config;
    this.#logger = logger;
  }

  get current(): Config {
    return this.#current;
  }

  /** Called after each change; the answer stops it. */
  onChange(listener: Listener): () => void {
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
    let loaded: LoadedConfig;
    try {
      loaded = await loadConfig(this.#source);
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      this.#logger.error('config.refused', { file: this.#source.file, ...thrown.details });
      return { kind: 'refused', error: thrown };
    }
    const previous = this.#current;
    if (isDeepStrictEqual(loaded.config, previous)) return { kind: 'unchanged' };
    this.#current = loaded.config;
    for (const warning of loaded.warnings) this.#logger.warn('config.warning', warning);
    const needsRestart = RESTART_KEYS.filter((key) => !isDeepStrictEqual(loaded.config[key], previous[key]));
    this.#logger.info('config.changed', { needsRestart });
    for (const listener of this.#listeners) await this.#tell(listener, previous);
    return { kind: 'changed', needsRestart };
  }

  async #tell(listener: Listener, previous: Config): Promise<void> {
    try {
      await listener(this.#current, previous);
    } catch (thrown) {
      this.#logger.error('config.listener_failed', { error: toError(thrown).message });
    }
  }
}

/**
 * Loads the configuration and reloads it when the file changes. Watches the folder, because editors replace the file.
 * Throws CONFIG_INVALID when the first reading fails.
 */
export async function openConfig(
  scope: Scope,
  source: ConfigSource,
  deps: { clock: Clock; logger: Logger },
): Promise<{ store: ConfigStore; loaded: LoadedConfig }> {
  const loaded = await loadConfig(source);
  const store = new ConfigStore(source, loaded, deps.logger);
  if (source.file !== null) watchFile(scope, resolve(source.cwd, source.file), store, deps);
  return { store, loaded };
}

function watchFile(
  scope: Scope,
  file: string,
  store: ConfigStore,
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
