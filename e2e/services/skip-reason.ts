declare module 'vitest' {
  interface TaskMeta {
    /** Why a test or suite is skipped; printed at the end of `npm test`. */
    skipReason?: string;
  }
}

/** Options of a test or suite that only runs if `missing` is undefined; otherwise it is skipped with that reason. */
export function skipWhen(missing: string | undefined): { skip?: boolean; meta?: { skipReason: string } } {
  return missing === undefined ? {} : { skip: true, meta: { skipReason: missing } };
}
