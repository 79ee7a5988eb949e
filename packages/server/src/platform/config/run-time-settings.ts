import { isDeepStrictEqual } from 'node:util';
import type { DefinitionProblem, PrincipalId, ReadOnlyReason, SettingPermission } from '@comfleet/contract';
import { AppError } from '../errors/app-error.ts';
import { listProblems } from './config-problem.ts';
import type { ConfigStore } from './config-store.ts';
import { toVariable } from './environment.ts';
import type { Overlay, SettingChange } from './overlay.ts';
import type { SettingDescription } from './setting-descriptions.ts';
import { findValue, type SettingSource } from './value-origins.ts';

/** Decides by its key who may change a setting. */
export interface SettingRules {
  /** Why it cannot be changed at run time; null if it can. */
  readOnly(key: string): ReadOnlyReason | null;
  /** What is needed to see and change it. */
  permission(key: string): SettingPermission;
}

/** A setting with its value and where that comes from. */
export interface SettingState extends SettingDescription {
  /** The value in force; null if hidden, or if there is none. */
  readonly value: unknown;
  readonly isSet: boolean;
  /** The value after a restart; null if it is the one in force. */
  readonly afterRestart: { readonly value: unknown } | null;
  readonly source: SettingSource;
  /** The variable that set it, else the one that would. */
  readonly variable: string;
  /** What the file says; null if it says nothing, or if hidden. */
  readonly fileValue: unknown;
  /** Who changed it at run time, and when; null if nobody did. */
  readonly changed: { readonly principalId: PrincipalId; readonly atMs: number } | null;
  readonly needsRestart: boolean;
  readonly readOnly: ReadOnlyReason | null;
  readonly permission: SettingPermission;
  /** A stored value that the configuration does not allow now, and why; null if there is none. */
  readonly leftOut: { readonly value: unknown; readonly problems: readonly DefinitionProblem[] } | null;
}

/** The configuration, of any format. */
type SettingStore = Pick<
  ConfigStore<unknown>,
  'raw' | 'startedRaw' | 'startKeys' | 'origins' | 'leftOut' | 'change'
>;

/** Compares a caller's view of a setting with the current one. */
export interface ChangeOptions {
  readonly principalId: PrincipalId;
  /** The configured value that the caller saw: that after a restart, if it differs from the one in force. */
  readonly expected?: { readonly value: unknown } | undefined;
}

/** The settings of the file and what of them can be changed while the server runs (CF5). */
export class RunTimeSettings {
  readonly #store: SettingStore;
  readonly #overlay: Overlay;
  readonly #descriptions: ReadonlyMap<string, SettingDescription>;
  readonly #rules: SettingRules;

  constructor(
    deps: { store: SettingStore; overlay: Overlay },
    descriptions: readonly SettingDescription[],
    rules: SettingRules,
  ) {
    this.#store = deps.store;
    this.#overlay = deps.overlay;
    this.#descriptions = new Map(descriptions.map((description) => [description.key, description]));
    this.#rules = rules;
  }

  /** All, in the order of the file. */
  list(): SettingState[] {
    return [...this.#descriptions.values()].map((description) => this.#toState(description));
  }

  /** Throws SETTING_NOT_FOUND. */
  find(key: string): SettingState {
    const description = this.#descriptions.get(key);
    if (!description) throw new AppError('SETTING_NOT_FOUND', { setting: key });
    return this.#toState(description);
  }

  /**
   * Validates with the whole configuration, stores, and puts in force. Throws SETTING_NOT_FOUND; SETTING_READ_ONLY with the
   * reason; SETTING_INVALID with the problems; CONFLICT if the environment sets it or the expected value is not the current one.
   */
  async set(key: string, value: unknown, options: ChangeOptions): Promise<SettingState> {
    await this.#change(key, { value }, options);
    return this.find(key);
  }

  /** The file, else the default, decides again. Throws as `set`; nothing happens to a setting that was not changed. */
  async reset(key: string, options: ChangeOptions): Promise<SettingState> {
    await this.#change(key, null, options);
    return this.find(key);
  }

  /** Changes of these settings, newest first; null: of all, also of those that this program no longer has. */
  history(
    keys: readonly string[] | null,
    page: { limit: number; before: number | null },
  ): Promise<readonly SettingChange[]> {
    return this.#overlay.history(keys, page);
  }

  async #change(key: string, to: { value: unknown } | null, options: ChangeOptions): Promise<void> {
    const { readOnly } = this.find(key);
    if (readOnly !== null) throw new AppError('SETTING_READ_ONLY', { setting: key, reason: readOnly });
    try {
      await this.#store.change(() => {
        this.#refuse(key, to, options);
        const stored = this.#overlay.find(key);
        if (to === null ? stored === null : stored !== null && isDeepStrictEqual(stored.value, to.value))
          return null;
        const before = this.#configured(key);
        return {
          ...{ key, to },
          store: ({ raw }) =>
            this.#overlay.store({
              ...{ key, to, before, after: findValue(raw, key.split('.')) },
              principalId: options.principalId,
            }),
        };
      });
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'CONFIG_INVALID') throw thrown;
      const problems = listProblems(thrown);
      throw new AppError('SETTING_INVALID', { setting: key, problems }, { cause: thrown });
    }
  }

  /** Throws CONFLICT if a stronger source decides, or the caller saw another value. */
  #refuse(key: string, to: object | null, { expected }: ChangeOptions): void {
    const { source, variable } = this.find(key);
    if (to !== null && (source === 'environment' || source === 'option'))
      throw new AppError('CONFLICT', {
        setting: key,
        owned_by: source === 'option' ? 'command line' : variable,
      });
    const current = this.#configured(key);
    if (expected !== undefined && !isDeepStrictEqual(expected.value, current))
      throw new AppError('CONFLICT', { setting: key, expected: expected.value, current });
  }

  /** The value of all sources, in force or after a restart. */
  #configured(key: string): unknown {
    return findValue(this.#store.raw, key.split('.')) ?? null;
  }

  #toState(description: SettingDescription): SettingState {
    const { key, isHidden } = description;
    const { origins, startKeys, startedRaw, leftOut } = this.#store;
    const needsRestart = startKeys.some((start) => `${key}.`.startsWith(`${start}.`));
    const configured = this.#configured(key);
    const value = needsRestart ? (findValue(startedRaw, key.split('.')) ?? null) : configured;
    const source = origins.sourceOf(key);
    const entry = this.#overlay.find(key);
    const refused = leftOut.get(key);
    const show = (shown: unknown) => (isHidden ? null : (shown ?? null));
    return {
      ...description,
      default: show(description.default),
      value: show(value),
      isSet: isSet(value),
      afterRestart: isDeepStrictEqual(value, configured) ? null : { value: show(configured) },
      source,
      variable: (source === 'environment' ? origins.variableOf(key) : null) ?? toVariable(key),
      fileValue: show(origins.fileValue(key)),
      changed: entry && { principalId: entry.principalId, atMs: entry.changedAtMs },
      needsRestart,
      readOnly: this.#rules.readOnly(key),
      permission: this.#rules.permission(key),
      leftOut: refused ? { value: refused.value, problems: listProblems(refused.error) } : null,
    };
  }
}

/** An empty list or block is set by nobody. */
function isSet(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value != null;
}
