import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Download } from '@comfleet/sdk';
import type { Terminal } from '../platform/terminal.ts';

/** Prints a text file of the server, line by line as it comes. */
export async function printDownload({ out }: Pick<Terminal, 'out'>, file: Download): Promise<void> {
  const input = Readable.fromWeb(file.body as ReadableStream<Uint8Array>);
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) out(line);
}
