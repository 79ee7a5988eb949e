import { type DefinitionText, toDefinitionSentence } from '@comfleet/contract/texts/definitions';
import type { z } from 'zod';

/*
 * What an area has to say about its part of the one YAML file: a schema with every default, `check…` for the rules that a
 * schema cannot say, and `compile…` from the words of the file to what the area uses (milliseconds, absolute paths). All of
 * it stands in the area's `settings.ts`; app/settings.ts puts the areas together and hands the whole to this folder.
 */

/** Something that is wrong, or that works and is probably not meant. */
export interface Finding {
  path: string;
  text: DefinitionText;
  /** The English of `text`. */
  message: string;
}

/** Where checks put what they find. Problems refuse the file; warnings are only reported. */
export class Findings {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];

  refuse(path: string, text: DefinitionText): void {
    this.problems.push({ path, text, message: toDefinitionSentence(text) });
  }

  warn(path: string, text: DefinitionText): void {
    this.warnings.push({ path, text, message: toDefinitionSentence(text) });
  }
}

/** Where the values come from. */
export interface SettingsOrigin {
  /** The YAML file; null when there is none. */
  file: string | null;
  /** Where relative paths of the file start; absolute. */
  base: string;
  /** Whether a key comes from above the file: the environment or an option. */
  isFixed: (path: readonly string[]) => boolean;
}

/** The settings of a whole program, for this folder to load, check and reload. `Raw` is in the words of the file. */
export interface Settings<Raw, Compiled> {
  /** Every default stands here and nowhere else. */
  schema: z.ZodType<Raw>;
  /** Names in the environment besides `COMFLEET__…`, each with the path it stands for. */
  environmentNames: Readonly<Record<string, readonly string[]>>;
  /** Pure; sees a value that the schema accepts. */
  check: (raw: Raw, findings: Findings) => void;
  /** Pure; called when nothing was refused. */
  compile: (raw: Raw, origin: SettingsOrigin) => Compiled;
  /** Reads what the configuration names besides: further files, and variables of the environment. */
  include: (compiled: Compiled, named: NamedSources) => Promise<Compiled>;
  /** With every default, also of blocks that may be left out. Pure. */
  fill: (raw: Raw) => Raw;
  /** What is read once at the start, by its key in the file: a change needs a restart, and is reported. Pure. */
  startValues: (raw: Raw) => StartValues;
}

/** Values by the dotted key that they have in the file. */
export type StartValues = Readonly<Record<string, unknown>>;

/** Where the configuration's further values are. */
export interface NamedSources {
  /** Throws CONFIG_INVALID when the file cannot be read. */
  readonly read: (file: string) => Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** CONFIG_INVALID for a place of the file, to be thrown. */
  readonly refuse: (path: string, text: DefinitionText) => Error;
}

/** Freezes a configuration through and through. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
