import { AGING_MS, describeTaskQueue } from './conformance.ts';
import { EmbeddedQueue } from './embedded-queue.ts';

describeTaskQueue(
  'the embedded queue',
  async (clock) => new EmbeddedQueue({ now: () => clock.nowMs, agingMs: () => AGING_MS }),
);
