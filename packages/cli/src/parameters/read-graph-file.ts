import { UsageError } from '../exit-codes.ts';
import { readNamedFile } from './read-named-file.ts';

/** The text of a graph file. A byte order mark is skipped. Throws UsageError for a file that cannot be read and for UTF-16. */
export async function readGraphFile(path: string): Promise<string> {
  const bytes = await readNamedFile(path);
  const [first, second] = bytes;
  const hasWideMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  // Without a mark: JSON begins with an ASCII character, which UTF-16 writes with a zero beside it.
  if (hasWideMark || first === 0 || second === 0)
    throw new UsageError({ code: 'usage.utf16', params: { path } });
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}
