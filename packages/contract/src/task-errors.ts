import { type ErrorSpec, spec } from './error-spec.ts';

/** Endings of attempts and tasks: recorded on the task, not HTTP responses. */
export const TASK_ERRORS = {
  NODE_EXECUTION_ERROR: spec(500, 'caller', 'never', 'A node of the graph failed; its own message says why.'),
  PROMPT_REFUSED: spec(
    422,
    'caller',
    'other-worker',
    'The worker refused the prompt; each node and input that it refuses is named.',
  ),
  SUBMIT_FAILED: spec(
    502,
    'worker',
    'other-worker',
    'The worker answered the prompt with a server error and did not take it; details have its answer. After a second time it is not sent again.',
  ),
  OUT_OF_MEMORY: spec(
    500,
    'worker',
    'other-worker',
    'The worker ran out of GPU memory; use a smaller size or a larger GPU.',
  ),
  WORKER_UNREACHABLE: spec(
    502,
    'worker',
    'other-worker',
    'The worker does not answer; check that ComfyUI runs, its host, port and firewall.',
  ),
  PREEMPTED: spec(
    502,
    'system',
    'same-worker',
    'The prompt waited in a worker’s queue and made room for a task of higher order; the task waits again.',
  ),
  /** Deprecated: earlier versions recorded it for PREEMPTED; readable for one version. */
  TAKEN_BACK: spec(
    502,
    'system',
    'same-worker',
    'Former name of PREEMPTED, in attempts that an older version recorded.',
  ),
  PROMPT_LOST: spec(
    502,
    'worker',
    'same-worker',
    'The worker forgot the prompt (restarted, or its queue was cleared).',
  ),
  REMOVED_ON_WORKER: spec(
    502,
    'worker',
    'same-worker',
    'Someone removed the prompt from the worker, which did not restart; after a second time it is not sent again.',
  ),
  PROMPT_STALLED: spec(
    504,
    'worker',
    'other-worker',
    'The prompt gave no sign of progress for its silence limit and was stopped.',
  ),
  PROMPT_INTERRUPTED: spec(
    502,
    'worker',
    'other-worker',
    'Someone interrupted the prompt on the worker; it was not Comfleet. After a second time it is not sent again.',
  ),
  HISTORY_INCOMPLETE: spec(
    502,
    'worker',
    'other-worker',
    'The worker’s history lacks outputs of the finished prompt.',
  ),
  COLLECT_FAILED: spec(
    502,
    'worker',
    'other-worker',
    'The outputs could not be fetched whole from the worker.',
  ),
  OUTPUT_GONE: spec(
    502,
    'worker',
    'same-worker',
    'The worker no longer has the file of a node that it did not run again; it is made again once.',
  ),
  OUTPUT_REFUSED: spec(
    502,
    'worker',
    'never',
    'The worker announced output files that it does not serve; each is named with the answer.',
  ),
  RESULT_TOO_LARGE: spec(
    507,
    'caller',
    'never',
    'The results, or the history that names them, are above a limit; the details say which.',
  ),
  WORKER_DISK_FULL: spec(
    502,
    'worker',
    'other-worker',
    'The worker’s disk is full; free room in its output folder.',
  ),
  OUTPUT_INVALID: spec(
    502,
    'worker',
    'never',
    'The output is empty or not a readable picture; the file is named.',
  ),
  INPUT_UPLOAD_FAILED: spec(502, 'worker', 'other-worker', 'An input file could not be sent to the worker.'),
  EXECUTION_TIMEOUT: spec(
    504,
    'caller',
    'never',
    'The run took longer than its limit and was canceled; raise timeout_seconds (for example 1800).',
  ),
  DEADLINE_EXCEEDED: spec(504, 'caller', 'never', 'The task did not start before its deadline.'),
  ATTEMPTS_EXHAUSTED: spec(502, 'worker', 'never', 'Every allowed attempt failed; the last error is named.'),
  POISON_TASK: spec(
    502,
    'worker',
    'never',
    'Two workers died while running this task; it is not tried again.',
  ),
  CANCELED: spec(409, 'caller', 'never', 'The task was canceled.'),
} as const satisfies Record<string, ErrorSpec>;
