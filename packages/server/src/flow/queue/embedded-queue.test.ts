import { describeTaskQueue } from './conformance.ts';
import { EmbeddedQueue } from './embedded-queue.ts';

describeTaskQueue('the embedded queue', async () => new EmbeddedQueue());
