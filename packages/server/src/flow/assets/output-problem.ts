import type { ErrorCode } from '@comfleet/contract';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';

/** Why an announced output is not among the results. Whether another run may help is decided by its code in the table of causes. */
export type ProblemCause =
  /** The worker refused it with this status, and always will. */
  | { kind: 'refused'; status: number }
  /** Its node came from the cache, and the file of the earlier run is gone: another run recreates it. */
  | { kind: 'gone'; status: number }
  | { kind: 'empty' }
  | { kind: 'unreadable' }
  /** The worker never served it completely. */
  | { kind: 'broken'; tries: number; last: string }
  /** The worker became unreachable before it was fetched. */
  | { kind: 'unreachable'; dispatched: true; started: false }
  /** Above one of our limits. */
  | TooLarge
  | { kind: 'too_many'; setting: string; limit: number };

/** A file above the size limit, or above what is left of its task's limit. */
export interface TooLarge {
  kind: 'too_large' | 'too_large_together';
  setting: string;
  limit: number;
}

export interface OutputProblem {
  nodeId: string;
  /** Name as in the task's graph. */
  name: string;
  cause: ProblemCause;
}

const CODES: Readonly<Record<ProblemCause['kind'], ErrorCode>> = {
  refused: 'OUTPUT_REFUSED',
  gone: 'OUTPUT_GONE',
  empty: 'OUTPUT_INVALID',
  unreadable: 'OUTPUT_INVALID',
  broken: 'COLLECT_FAILED',
  unreachable: 'WORKER_UNREACHABLE',
  too_large: 'RESULT_TOO_LARGE',
  too_large_together: 'RESULT_TOO_LARGE',
  too_many: 'RESULT_TOO_LARGE',
};

/** A task's warnings name at most this many files and count the rest. */
const MAX_NAMED = 20;

/** A task's warnings: one sentence a file, and one for those beyond the twentieth and what is `unnamed`. */
export function describeProblems(problems: readonly OutputProblem[], unnamed: number): TaskText[] {
  const named = problems.slice(0, MAX_NAMED).map(describeProblem);
  const count = problems.length - named.length + unnamed;
  return count > 0 ? [...named, { code: 'warning.more_outputs', params: { count } }] : named;
}

/** Names the file and what is wrong with it. */
function describeProblem({ nodeId, name, cause }: OutputProblem): TaskText {
  return { code: 'warning.output', params: { file: name, node: nodeId, reason: describeCause(cause) } };
}

function describeCause(cause: ProblemCause): TaskText {
  switch (cause.kind) {
    case 'refused':
    case 'gone':
      return { code: 'output.refused', params: { status: cause.status } };
    case 'broken':
      return { code: 'output.broken', params: { tries: cause.tries } };
    case 'empty':
    case 'unreadable':
    case 'unreachable':
      return { code: `output.${cause.kind}`, params: {} };
    case 'too_large':
    case 'too_large_together':
    case 'too_many':
      return { code: `output.${cause.kind}`, params: { setting: cause.setting, most: cause.limit } };
    default: {
      const unknownCause: never = cause;
      return unknownCause;
    }
  }
}

/** A problem as an error of its task, or of its attempt. */
export interface ProblemError {
  code: ErrorCode;
  details: Record<string, unknown>;
}

/** The error of a task, or of its attempt, that a problem ends. */
export function toProblemError({ nodeId, name, cause }: OutputProblem): ProblemError {
  const { kind, ...facts } = cause;
  const text = describeProblem({ nodeId, name, cause });
  const details = { message: toTaskSentence(text), message_text: text, node_id: nodeId, file: name };
  return { code: CODES[kind], details: { ...details, reason: kind, ...facts } };
}
