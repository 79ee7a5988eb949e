import type { StreamFrame } from '@comfleet/contract';
import type { BatchCalls } from '../../../src/flow/calls/batches/batch-calls.ts';
import type { FakeOwner } from './fake-owner.ts';
import type { FakeStreams } from './fake-streams.ts';
import { BATCH_ID, sampleBatch } from './samples.ts';

/** One batch. */
export function createFakeBatches(owner: FakeOwner, streams: FakeStreams): BatchCalls {
  return {
    submit: async (...args) => {
      owner.calls.push(['submitBatch', ...args]);
      return { batch: sampleBatch(), replayed: args[2]?.key === 'seen-before' };
    },
    load: async (actor, id) => {
      owner.check(actor, [id, BATCH_ID], 'BATCH_NOT_FOUND');
      return { ...sampleBatch(), tasks: [] };
    },
    find: async (actor, id) => {
      owner.check(actor, [id, BATCH_ID], 'BATCH_NOT_FOUND');
      return sampleBatch();
    },
    list: async (actor) => ({ batches: owner.isSeenBy(actor) ? [sampleBatch()] : [], nextCursor: null }),
    change: async (actor, id, change) => {
      owner.calls.push(['changeBatch', id, change]);
      owner.check(actor, [id, BATCH_ID], 'BATCH_NOT_FOUND');
      owner.checkChange(actor);
      return sampleBatch();
    },
    watch: async function* (actor, id, signal): AsyncIterable<StreamFrame> {
      owner.check(actor, [id, BATCH_ID], 'BATCH_NOT_FOUND');
      yield* streams.open(null, signal);
    },
  };
}
