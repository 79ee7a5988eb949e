import { z } from 'zod';
import type { Text, TextParam } from './text.ts';

/** Clients that do not know a code show it next to the English sentence. */
export const textSchema: z.ZodType<Text> = z
  .object({
    code: z.string(),
    params: z.record(
      z.string(),
      z.lazy(() => textParamSchema),
    ),
  })
  .meta({ id: 'Text' });

const textParamSchema: z.ZodType<TextParam> = z.union([
  z.string(),
  z.number(),
  textSchema,
  z.array(textSchema),
]);
