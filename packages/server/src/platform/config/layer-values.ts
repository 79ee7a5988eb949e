import { AppError } from '../errors/app-error.ts';
import type { LoadedConfig, RunTimeValues } from './load-config.ts';

/** A configuration with the settings changed at run time that it allows. */
export interface Layered<Compiled> {
  loaded: LoadedConfig<Compiled>;
  /** The values that are part of it. */
  values: RunTimeValues;
  /** Why the others are left out, by key. */
  leftOut: ReadonlyMap<string, LeftOut>;
}

/** A stored value that the configuration does not allow. */
export interface LeftOut {
  readonly value: unknown;
  /** CONFIG_INVALID. */
  readonly error: AppError;
}

/**
 * Loads with all the values; if they are not valid, with as many as are valid together, in their order. Throws CONFIG_INVALID only
 * if the configuration is not valid without any.
 */
export async function layerValues<Compiled>(
  load: (values: RunTimeValues) => Promise<LoadedConfig<Compiled>>,
  all: RunTimeValues,
): Promise<Layered<Compiled>> {
  const whole = await tryLoad(load, all);
  if (!(whole instanceof AppError)) return { loaded: whole, values: all, leftOut: new Map() };
  let values: RunTimeValues = new Map();
  let loaded = await load(values);
  const leftOut = new Map<string, LeftOut>();
  for (const [key, value] of all) {
    const more = new Map(values).set(key, value);
    const tried = await tryLoad(load, more);
    if (tried instanceof AppError) {
      leftOut.set(key, { value, error: tried });
    } else {
      loaded = tried;
      values = more;
    }
  }
  return { loaded, values, leftOut };
}

async function tryLoad<Compiled>(
  load: (values: RunTimeValues) => Promise<LoadedConfig<Compiled>>,
  values: RunTimeValues,
): Promise<LoadedConfig<Compiled> | AppError> {
  try {
    return await load(values);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'CONFIG_INVALID') return thrown;
    throw thrown;
  }
}
