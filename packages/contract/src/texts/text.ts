import { z } from 'zod';

/** A value in a text: shown as it is, or a text or list of texts in the reader's language. */
export type TextParam = string | number | Text | readonly Text[];

/** A text for people as it crosses the wire: the code of a message of a catalogue, and the values in it. */
export interface Text {
  readonly code: string;
  readonly params: Readonly<Record<string, TextParam>>;
}

/** Readers that do not know a code show it with the English sentence beside it. */
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
