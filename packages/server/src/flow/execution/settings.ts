import { timeLimitSchema } from '@comfleet/contract';
import { z } from 'zod';

/** In the `comfyui` block. */
export const executionSettings = {
  timeout: timeLimitSchema
    .default(900)
    .describe(
      'Seconds that a run may go without progress: from 0.001; 0 means no limit. timeout_seconds of a workflow or a task limits the whole run instead.',
    ),
  preview_method: z
    .enum(['auto', 'latent2rgb', 'taesd', 'none', 'default'])
    .default('auto')
    .describe(
      'Preview method requested with each prompt, if the worker supports that (from ComfyUI 0.5.0), whatever its command line says; default leaves it to the worker.',
    ),
  paid_reruns: z
    .enum(['ask', 'allow'])
    .default('ask')
    .describe(
      'What happens to a task with paid nodes that was sent and may have run: ask a user before it is sent again, or allow that as for any other task.',
    ),
};

type RawExecution = z.infer<z.ZodObject<typeof executionSettings>>;

/** Preview method requested with a prompt; `default` leaves it to the worker's command line. */
export type PreviewMethod = RawExecution['preview_method'];

/** Policy for a task with paid nodes that was sent and may have run. */
export type PaidReruns = RawExecution['paid_reruns'];

/** `timeoutMs` is the limit of a task without its own; 0: no limit. */
export function compileExecution(raw: RawExecution): {
  readonly timeoutMs: number;
  readonly previewMethod: PreviewMethod;
  readonly paidReruns: PaidReruns;
} {
  const { timeout, preview_method: previewMethod, paid_reruns: paidReruns } = raw;
  return { timeoutMs: timeout * 1000, previewMethod, paidReruns };
}
