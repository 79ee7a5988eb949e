import type { ComfyHttp } from '../http/comfy-http.ts';
import type { CallOptions } from '../http/http-calls.ts';

/**
 * Stops one prompt, and never another: removes it from the queue, or interrupts it if it runs. In one step if the server offers
 * that; else the prompt might start between the two steps, which is then noticed.
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
