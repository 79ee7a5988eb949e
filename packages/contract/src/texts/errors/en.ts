import { ERRORS, type ErrorCode } from '../../errors.ts';

/** What each error of the registry means; they take no values. */
export const en: Readonly<Record<ErrorCode, string>> = Object.fromEntries(
  Object.entries(ERRORS).map(([code, { meaning }]) => [code, meaning]),
) as Record<ErrorCode, string>;
