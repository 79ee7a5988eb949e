import type { ComfyHttp } from '../http/comfy-http.ts';
import type { CallOptions } from '../http/http-calls.ts';

/** Stops one prompt: deletes it from the queue, or interrupts it when it is the one that runs; never another prompt. */
export async function stopPrompt(
  http: ComfyHttp,
  promptId: string,
  options: CallOptions = {},
): Promise<void> {
  await http.deleteQueued([promptId], options);
  const { running } = await http.loadQueue(options);
  if (running.some((item) => item.promptId === promptId)) await http.interrupt(promptId, options);
}
