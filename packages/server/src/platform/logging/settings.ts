import { z } from 'zod';

/** The `logging` block. */
export const loggingSchema = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('The lowest level that is written.'),
});
