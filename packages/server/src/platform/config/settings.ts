import { type DefinitionText, toDefinitionSentence } from '@comfleet/contract/texts/definitions';
import type { z } from 'zod';

/*
 * The settings of an area in the one YAML file: a schema with every default, `check…` for rules that a schema cannot express, and
 * `compile…` from the file's format to the area's (milliseconds, absolute paths). All of it is in the area's `settings.ts`;
 * app/settings.ts combines the areas and passes the whole to this folder.
 */

/** Something that is wrong, or that works but is probably not intended. */
export interface Finding {
  path: string;
  text: DefinitionText;
  /** The English of `text`. */
  message: string;
}

/** Collects what checks find. Problems refuse the file; warnings are only reported. */
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
  /** The YAML file; null if there is none. */
  file: string | null;
  /** Base of relative paths in the file; absolute. */
  base: string;
}

/** The settings of a whole program, for this folder to load, check and reload. `Raw` is in the file's format. */
export interface Settings<Raw, Compiled> {
  /** Every default is defined here and nowhere else. */
  schema: z.ZodType<Raw>;
  /** Names in the environment in addition to `COMFLEET__…`, each with its path. */
  environmentNames: Readonly<Record<string, readonly string[]>>;
  /** Pure; gets a value that the schema accepts. */
  check: (raw: Raw, findings: Findings) => void;
  /** Pure; called if nothing was refused. */
  compile: (raw: Raw, origin: SettingsOrigin) => Compiled;
  /** Reads the further sources that the configuration names: files, and environment variables. */
  include: (compiled: Compiled, named: NamedSources) => Promise<Compiled>;
  /** With every default, also of optional blocks. Pure. */
  fill: (raw: Raw) => Raw;
  /** Values read once at the start, by their key in the file: a change needs a restart, and is reported. Pure. */
  startValues: (raw: Raw) => StartValues;
}

/** Values by their dotted key in the file. */
export type StartValues = Readonly<Record<string, unknown>>;

/** Access to the configuration's further sources. */
export interface NamedSources {
  /** Throws CONFIG_INVALID if the file cannot be read. */
  readonly read: (file: string) => Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** CONFIG_INVALID for a position in the file, to be thrown. */
  readonly refuse: (path: string, text: DefinitionText) => Error;
}

/** Freezes a configuration deeply. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
