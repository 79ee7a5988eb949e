import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';

/* Fields shared by the settings of several areas. */

export const port = () => z.int().min(1).max(65_535);
export const seconds = () => z.number().min(0);
/** A folder or file; relative paths start at the folder of the file. */
export const path = (description: string) => z.string().min(1).meta({ description, path: true });

/** A secret: the text itself, or the name of an environment variable or of a file that holds it. */
export const secret = () =>
  z.union(
    [
      z.string().min(1),
      z.strictObject({ env: z.string().min(1).describe('Environment variable that holds it.') }),
      z.strictObject({ file: path('File that holds it.') }),
    ],
    DEFINITION_TEXTS.en['config.secret'],
  );
export type Secret = z.infer<ReturnType<typeof secret>>;

/** Host names and IP addresses. */
export const HOST = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[?[0-9a-fA-F:.]+\]?)$/;
