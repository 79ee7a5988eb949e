import { ERRORS, type ErrorCode } from '../../errors.ts';

/** The meaning of each error of the registry; these messages take no values. */
export const en: Readonly<Record<ErrorCode, string>> = Object.fromEntries(
  Object.entries(ERRORS).map(([code, { meaning }]) => [code, meaning]),
) as Record<ErrorCode, string>;
