import { z } from 'zod';
import { en as WRONG } from './texts/values/en.ts';

/** Without controls, separators of lines, overrides of direction, and halves of a character. */
const SHOWN = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]*$/u;

/** Time limit in seconds; 0: no limit. A value that rounds to 0 ms is refused. */
export const timeLimitSchema = z
  .number()
  .min(0)
  .max(86_400)
  .refine((seconds) => seconds === 0 || seconds >= 0.001, WRONG['value.time_limit']);

/** Text that is stored or searched for as it is; PostgreSQL has no NUL in texts. */
export const storedTextSchema = z.string().refine(isStorable, WRONG['value.no_nul']);

function isStorable(text: string): boolean {
  return !text.includes('\0');
}

/** A name that people read: one line, without characters that are invisible, reverse the text or cannot be stored. */
export const shownNameSchema = z.string().trim().min(1).regex(SHOWN, WRONG['value.one_line']);

const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;

/** Relative folders, short enough for every file system. */
export const folderPathSchema = z
  .string()
  .max(500)
  .refine(isStorable, WRONG['value.no_nul'])
  .refine(isShortPath, WRONG['value.path']);

function isShortPath(path: string): boolean {
  const encoder = new TextEncoder();
  const isWithin = (text: string, maxBytes: number) => encoder.encode(text).length <= maxBytes;
  return (
    isWithin(path, MAX_PATH_BYTES) && path.split(/[/\\]/).every((name) => isWithin(name, MAX_NAME_BYTES))
  );
}
