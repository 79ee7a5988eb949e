import { readFile } from 'node:fs/promises';
import type { UsageText } from '@comfleet/contract/texts/usage';
import { UsageError } from '../exit-codes.ts';

/** The bytes of a file that the command line names. Throws UsageError with the reason for one that cannot be read. */
export async function readNamedFile(path: string): Promise<Buffer> {
  return await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(tellReason(path, cause), { cause });
  });
}

const REASONS = {
  ENOENT: 'usage.no_such_file',
  EISDIR: 'usage.is_folder',
  EACCES: 'usage.no_right',
} as const;

function tellReason(path: string, { code, message }: NodeJS.ErrnoException): UsageText {
  const known = code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES';
  return known
    ? { code: REASONS[code], params: { path } }
    : { code: 'usage.unreadable', params: { path, reason: message } };
}
