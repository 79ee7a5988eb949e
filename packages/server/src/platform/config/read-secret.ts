import { plainText } from '@comfleet/contract';
import type { Secret } from './fields.ts';
import type { NamedSources } from './settings.ts';

/** Reads a secret; the last line break of a file is not part of it. Throws CONFIG_INVALID naming `place` if there is none. */
export async function readSecret(
  value: Secret,
  { place, named }: { readonly place: string; readonly named: NamedSources },
): Promise<string> {
  if (typeof value === 'string') return value;
  const text =
    'env' in value ? named.environment[value.env] : (await named.read(value.file)).replace(/\r?\n$/, '');
  if (text !== undefined && text !== '') return text;
  throw named.refuse(
    place,
    'env' in value
      ? { code: 'config.unset_variable', params: { name: value.env } }
      : plainText('config.empty_file'),
  );
}
