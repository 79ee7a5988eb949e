import { z } from 'zod';

/** In the `comfyui` block. */
export const executionSettings = {
  timeout: z
    .number()
    .min(0)
    .max(86_400)
    .default(900)
    .describe('Seconds that a run may take, waiting excluded; 0 means no limit.'),
};

/** `timeoutMs` is the limit of a task that names none; 0 none. */
export function compileExecution(raw: z.infer<z.ZodObject<typeof executionSettings>>): {
  readonly timeoutMs: number;
} {
  return { timeoutMs: raw.timeout * 1000 };
}
