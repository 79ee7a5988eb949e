import type { ComfyHttp } from '../http/comfy-http.ts';
import type { CallOptions } from '../http/http-calls.ts';

/**
 * Stops one prompt: taken out of the queue, or interrupted when it is the one that runs; never another prompt. In one step
 * where the server offers that; else it could begin to run between the two, and is then found running.
 */
export async function stopPrompt(
  http: ComfyHttp,
  promptId: string,
  options: CallOptions = {},
): Promise<void> {
  if ((await http.cancelJob(promptId, options)) !== null) return;
  await http.deleteQueued([promptId], options);
  const { running } = await http.loadQueue(options);
  if (running.some((item) => item.promptId === promptId)) await http.interrupt(promptId, options);
}
