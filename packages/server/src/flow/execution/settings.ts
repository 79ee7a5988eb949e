import { z } from 'zod';

/** In the `comfyui` block. */
export const executionSettings = {
  timeout: z
    .number()
    .min(0)
    .max(86_400)
    .default(900)
    .describe('Seconds that a run may take, waiting excluded; 0 means no limit.'),
  preview_method: z
    .enum(['auto', 'latent2rgb', 'taesd', 'none', 'default'])
    .default('auto')
    .describe(
      'Previews asked for with each prompt where the worker takes that (ComfyUI 0.5.0), whatever its command line says; default leaves it to the worker.',
    ),
};

type RawExecution = z.infer<z.ZodObject<typeof executionSettings>>;

/** What ComfyUI may be asked for with one prompt; `default` is what its command line says. */
export type PreviewMethod = RawExecution['preview_method'];

/** `timeoutMs` is the limit of a task that names none; 0 none. */
export function compileExecution(raw: RawExecution): {
  readonly timeoutMs: number;
  readonly previewMethod: PreviewMethod;
} {
  return { timeoutMs: raw.timeout * 1000, previewMethod: raw.preview_method };
}
