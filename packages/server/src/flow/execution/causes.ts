import { ERRORS, type ErrorCode, isErrorCode, type RecordedError, type Retry } from '@comfleet/contract';
import { type ErrorDetails, hasCode } from '../../platform/errors/error-details.ts';

/** Who is responsible: the request, the worker, a user of the worker, or Comfleet itself. */
export type Fault = 'request' | 'worker' | 'person' | 'comfleet';

/**
 * Where the same prompt may be sent again. `never`: the outcome is certain. `only_elsewhere`: certain on this worker, open on
 * others. `unsent`: the prompt was never sent, so the task just waits again.
 */
export type Again = 'never' | 'here' | 'elsewhere' | 'only_elsewhere' | 'unsent';

/** One row of the table: a cause, whose fault it is, and whether, where and how often the prompt is sent again. */
export interface Cause {
  readonly code: ErrorCode;
  readonly fault: Fault;
  readonly again: Again;
  /** How often a task may continue after this cause; the next time ends it. Null: as often as it has attempts. */
  readonly times: number | null;
  /** The cause in one line. */
  readonly meaning: string;
}

function cause(code: ErrorCode, meaning: string, [fault, again, times = null]: CauseRule): Cause {
  return { code, fault, again, times, meaning };
}
type CauseRule = readonly [fault: Fault, again: Again, times?: number | null];

/** Why attempts end without success. Source of docs/reference/outcomes.md. */
export const CAUSES = {
  node_failed: cause('NODE_EXECUTION_ERROR', 'a node of the graph raised an error', ['request', 'never']),
  refused: cause('PROMPT_REFUSED', 'the worker refused the prompt', ['request', 'only_elsewhere']),
  policy: cause('POLICY_REFUSED', 'a rule that was tightened while it waited refuses the graph', [
    'request',
    'never',
  ]),
  too_slow: cause('EXECUTION_TIMEOUT', 'it ran longer than its limit', ['request', 'never']),
  output_refused: cause('OUTPUT_REFUSED', 'the worker announced files that it never serves', [
    'request',
    'never',
  ]),
  output_invalid: cause('OUTPUT_INVALID', 'every file is empty or cannot be read', ['request', 'never']),
  output_too_large: cause('RESULT_TOO_LARGE', 'every file is above a limit of ours', ['request', 'never']),
  canceled: cause('CANCELED', 'someone canceled the task', ['person', 'never']),
  removed: cause('REMOVED_ON_WORKER', 'someone removed it from a worker that went on', ['person', 'here', 1]),
  interrupted: cause('PROMPT_INTERRUPTED', 'someone interrupted it on the worker', [
    'person',
    'elsewhere',
    1,
  ]),
  out_of_memory: cause('OUT_OF_MEMORY', 'GPU memory ran out', ['worker', 'elsewhere']),
  disk_full: cause('WORKER_DISK_FULL', 'the worker has no room for its files', ['worker', 'elsewhere']),
  stalled: cause('PROMPT_STALLED', 'it showed no progress and was stopped', ['worker', 'elsewhere']),
  forgotten: cause('PROMPT_LOST', 'the worker restarted, or its queue was cleared', ['worker', 'here']),
  not_heard: cause('WORKER_UNREACHABLE', 'nobody listened, so nothing was sent; uses up no attempt', [
    'worker',
    'elsewhere',
    20,
  ]),
  not_arrived: cause('WORKER_UNREACHABLE', 'the POST broke and the prompt was not found', [
    'worker',
    'elsewhere',
  ]),
  not_taken: cause(
    'SUBMIT_FAILED',
    'the worker answered the POST with an error of its own and has no prompt',
    ['worker', 'elsewhere', 1],
  ),
  left_waiting: cause(
    'WORKER_UNREACHABLE',
    'the worker went away while the prompt waited there, or before its files were fetched',
    ['worker', 'elsewhere'],
  ),
  died: cause(
    'WORKER_UNREACHABLE',
    'the worker went away while it ran the prompt; POISON_TASK at the second',
    ['worker', 'elsewhere'],
  ),
  upload_failed: cause('INPUT_UPLOAD_FAILED', 'an input could not be sent', ['worker', 'elsewhere']),
  history_damaged: cause('HISTORY_INCOMPLETE', 'history stayed without the outputs that frames had told', [
    'worker',
    'elsewhere',
  ]),
  download_broken: cause('COLLECT_FAILED', 'a file could not be fetched whole in five tries', [
    'worker',
    'elsewhere',
  ]),
  output_gone: cause('OUTPUT_GONE', 'the file of a cached node is gone; a new name makes it again', [
    'worker',
    'here',
    1,
  ]),
  preempted: cause('PREEMPTED', 'it waited, and made room for a task of higher order', [
    'comfleet',
    'unsent',
  ]),
  never_sent: cause('PROMPT_LOST', 'our process ended between claim and POST', ['comfleet', 'unsent']),
  crashed: cause('INTERNAL', 'an error of ours', ['comfleet', 'here', 1]),
} as const satisfies Record<string, Cause>;

export type CauseName = keyof typeof CAUSES;

/** Code → cause; causes that share a code are distinguished by details. */
const BY_CODE: Partial<Record<ErrorCode, CauseName>> = {
  ...Object.fromEntries((Object.keys(CAUSES) as CauseName[]).map((name) => [CAUSES[name].code, name])),
  // As an older version recorded it.
  TAKEN_BACK: 'preempted',
};

/** Returns the cause of a recorded error; null for an error without a row. */
export function classifyCause(error: Pick<RecordedError, 'code' | 'details'>): CauseName | null {
  if (hasCode(error, 'PROMPT_LOST')) return error.details?.dispatched === false ? 'never_sent' : 'forgotten';
  if (hasCode(error, 'WORKER_UNREACHABLE')) return classifyUnreachable(error.details ?? {});
  return isErrorCode(error.code) ? (BY_CODE[error.code] ?? null) : null;
}

function classifyUnreachable(details: ErrorDetails<'WORKER_UNREACHABLE'>): CauseName {
  if (details.refused === true) return 'not_heard';
  if (details.started === true) return 'died';
  return details.dispatched === true ? 'left_waiting' : 'not_arrived';
}

/** Causes after which it is certain that nothing of the prompt ran. */
export const NOTHING_RAN: ReadonlySet<string | null> = new Set<CauseName>([
  'refused',
  'policy',
  'not_heard',
  'not_taken',
  'upload_failed',
  'preempted',
  'never_sent',
]);

/**
 * True when a prompt may have run, at least in part, before it ended with this error, so that paid nodes may have been charged.
 * A prompt that the worker accepted in part has started.
 */
export function mayHaveRun(error: Pick<RecordedError, 'code' | 'details'>): boolean {
  const isPartial = hasCode(error, 'PROMPT_REFUSED') && error.details?.partial === true;
  return isPartial || !NOTHING_RAN.has(classifyCause(error));
}

/** Returns the row of an error; an error without a row follows the registry of errors. */
export function findCause(error: Pick<RecordedError, 'code' | 'details'>): Pick<Cause, 'again' | 'times'> {
  const name = classifyCause(error);
  if (name !== null) return CAUSES[name];
  return { again: isErrorCode(error.code) ? AGAIN_BY_RETRY[ERRORS[error.code].retry] : 'never', times: null };
}

const AGAIN_BY_RETRY: Readonly<Record<Retry, Again>> = {
  never: 'never',
  'same-worker': 'here',
  'other-worker': 'elsewhere',
  later: 'here',
};
