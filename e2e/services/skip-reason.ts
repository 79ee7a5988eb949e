declare module 'vitest' {
  interface TaskMeta {
    /** Why a test or suite is skipped; printed at the end of `npm test`. */
    skipReason?: string;
  }
}

/** Options of a test or suite that runs only when `missing` is undefined, and else is listed with it as the reason. */
export function skipWhen(missing: string | undefined): { skip?: boolean; meta?: { skipReason: string } } {
  return missing === undefined ? {} : { skip: true, meta: { skipReason: missing } };
}
