import type { Batch } from '@comfleet/contract';
import { type Comfleet, ComfleetError } from '@comfleet/sdk';
import { findNamed } from './find-named.ts';

const SEARCHED = 1000;
const PAGE = 100;

/** The newest batches, newest first, at most `count`; with `projectId` those of a project. */
export async function listNewestBatches(
  comfleet: Comfleet,
  { count, projectId }: { count: number; projectId?: string },
  signal: AbortSignal,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let cursor: string | undefined | null; cursor !== null && batches.length < count; ) {
    const limit = Math.min(PAGE, count - batches.length);
    const page = await comfleet.batches.list({ limit, cursor, projectId }, { signal });
    batches.push(...page.batches);
    cursor = page.next_cursor;
  }
  return batches;
}

/** The id of a batch by its id, or among the thousand newest by its name. Throws BATCH_NOT_FOUND with the nearest name. */
export async function findBatchId(
  comfleet: Comfleet,
  idOrName: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    return (await comfleet.batches.load(idOrName, { signal })).batch_id;
  } catch (error) {
    if (!(error instanceof ComfleetError) || error.code !== 'BATCH_NOT_FOUND') throw error;
    const batches = await listNewestBatches(comfleet, { count: SEARCHED }, signal);
    return findNamed(batches, idOrName, {
      what: 'batch',
      code: error.code,
      read: ({ batch_id: id, name }) => ({ id, name: name ?? '' }),
    }).batch_id;
  }
}
