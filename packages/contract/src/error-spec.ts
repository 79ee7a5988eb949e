/** Who can act on an error: the caller, whoever runs the worker, the operator of Comfleet, or its developers. */
export type Blame = 'caller' | 'worker' | 'system' | 'bug';

/** Whether a retry can help, and where. */
export type Retry = 'never' | 'same-worker' | 'other-worker' | 'later';

export interface ErrorSpec {
  readonly status: number;
  readonly blame: Blame;
  readonly retry: Retry;
  /** One line: what happened and what to do next. */
  readonly meaning: string;
}

/** One row of the registry. */
export function spec(status: number, blame: Blame, retry: Retry, meaning: string): ErrorSpec {
  return { status, blame, retry, meaning };
}
