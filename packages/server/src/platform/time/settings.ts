import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import { isTimeZone, localTimeZone } from './calendar-day.ts';

/** The `time_zone` key. */
export const timeZoneSchema = z
  .string()
  .refine(isTimeZone, DEFINITION_TEXTS.en['config.time_zone'])
  .optional()
  .describe(
    'Time zone that decides where a day begins, for quotas and statistics: Europe/Berlin, UTC … Default: that of the machine.',
  );

/** The zone in force, as an IANA name. */
export function compileTimeZone(raw: string | undefined): string {
  return raw ?? localTimeZone();
}
