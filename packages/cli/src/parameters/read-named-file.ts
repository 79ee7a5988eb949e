import { readRegularFile } from '@comfleet/comfyui/node';
import type { UsageText } from '@comfleet/contract/texts/usage';
import { UsageError } from '../exit-codes.ts';

/** Far above what a server takes; a file beyond it is a mistake. */
const MAX_BYTES = 268_435_456;

/** The bytes of a file that the command line names. Throws UsageError with the reason for one that cannot be read, as a pipe. */
export async function readNamedFile(path: string): Promise<Buffer> {
  return await readRegularFile(path, { maxBytes: MAX_BYTES }).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(describeReason(path, cause), { cause });
  });
}

const REASONS: Readonly<Record<string, ReasonCode>> = {
  ENOENT: 'usage.no_such_file',
  EISDIR: 'usage.is_folder',
  EACCES: 'usage.no_right',
  NOT_REGULAR: 'usage.not_regular',
};
type ReasonCode = 'usage.no_such_file' | 'usage.is_folder' | 'usage.no_right' | 'usage.not_regular';

function describeReason(path: string, { code, message }: NodeJS.ErrnoException): UsageText {
  const known = REASONS[code ?? ''];
  return known === undefined
    ? { code: 'usage.unreadable', params: { path, reason: message } }
    : { code: known, params: { path } };
}
