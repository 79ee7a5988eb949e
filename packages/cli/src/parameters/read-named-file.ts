import { readFile } from 'node:fs/promises';
import { UsageError } from '../exit-codes.ts';

/** The bytes of a file that the command line names. Throws UsageError with the reason for one that cannot be read. */
export async function readNamedFile(path: string): Promise<Buffer> {
  return await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be read: ${tellReason(cause)}.`, { cause });
  });
}

function tellReason({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'you have no right to' : message;
}
