import { setTimeout as wait } from 'node:timers/promises';
import { sendRequest } from '../platform/http-client.ts';

const POLL_MS = 20;

/** Resolves when the server reports that nothing runs or waits: by then, everything that ran is in history. */
export async function waitUntilIdle(baseUrl: string): Promise<void> {
  for (;;) {
    const left = (await (await sendRequest(`${baseUrl}/prompt`)).json()) as {
      exec_info: { queue_remaining: number };
    };
    if (left.exec_info.queue_remaining === 0) return;
    await wait(POLL_MS);
  }
}
