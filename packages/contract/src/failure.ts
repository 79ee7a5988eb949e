import { isErrorCode } from './errors.ts';
import { describeProblems } from './failure-problems.ts';
import { cutText, isRecord, nameNode, quoteText, readText } from './failure-words.ts';
import type { RecordedError } from './recorded-error.ts';
import { plainText } from './texts/catalogue.ts';
import { readSentText, type Text } from './texts/text.ts';

/** Why something failed, as user-facing texts of the task and error catalogues. */
export interface Failure {
  /** A code of the registry, or one that only a newer server knows. */
  readonly code: string;
  /** The most specific sentence: the node with its own message, or what is wrong and with what. */
  readonly summary: Text;
  /** Further details, one fact each: more inputs, the file, the worker's message. Never the traceback. */
  readonly points: readonly Text[];
  /** Traceback of the failed node, as its worker sent it; null if there is none. */
  readonly traceback: string | null;
}

/**
 * Describes a recorded error of a task, an attempt or a refused request. Pure. Accepts details of any version and any worker:
 * details of unknown shape are ignored.
 */
export function readFailure({ code, message, details }: RecordedError): Failure {
  const failure = { code, summary: nameCode(code, message), points: [], traceback: null };
  if (!isRecord(details)) return failure;
  const last = readRecorded(details.last_error);
  if (last !== null) return addLastAttempt(failure, details.attempts, readFailure(last));
  const problems = describeProblems(details);
  if (problems.length > 0) return { ...failure, ...introduce(code, failure.summary, problems) };
  if (typeof details.exception_type === 'string') return addNode(failure, details);
  if (typeof details.silent_seconds === 'number')
    return { ...failure, summary: { code: 'failure.silent', params: { seconds: details.silent_seconds } } };
  const points = describeFacts(details);
  const [first] = points;
  if (LIMITS.has(code) && first !== undefined) return { ...failure, summary: first };
  return { ...failure, points };
}

/** Codes that only mean that some limit is exceeded; the text names it. */
const LIMITS = new Set(['RESULT_TOO_LARGE', 'QUOTA_EXCEEDED']);

/** If all attempts are used up, the last one has the cause. */
function addLastAttempt(failure: Failure, attempts: unknown, last: Failure): Failure {
  const { summary: cause, points, traceback } = last;
  const summary: Text =
    typeof attempts === 'number'
      ? { code: 'failure.attempts', params: { attempts, cause } }
      : { code: 'failure.and_last', params: { what: failure.summary, cause } };
  return { ...failure, summary, points, traceback };
}

const REFUSED = new Set(['PROMPT_REFUSED', 'INVALID_WORKFLOW', 'POLICY_REFUSED']);

/** A refused graph is described by its first problem, anything else by its code. */
function introduce(code: string, what: Text, problems: readonly Text[]): Pick<Failure, 'summary' | 'points'> {
  const [first, ...others] = problems;
  if (first === undefined || !REFUSED.has(code)) return { summary: what, points: problems };
  return { summary: { code: `failure.${code}`, params: { problem: first } }, points: others };
}

/** A node raised an exception: for a graph error its message says all; for a worker error the code adds what to do. */
function addNode(failure: Failure, details: Record<string, unknown>): Failure {
  const kind = readText(details.exception_type);
  const message = readText(details.message)?.trim() ?? null;
  const traceback = readText(details.traceback);
  const problem = [kind, message].filter((part) => part !== null && part !== '').join(': ');
  const where = nameNode(readText(details.node_id) ?? '?', details);
  const describe = (text: string): Text => ({
    code: 'failure.at_node',
    params: { where, problem: quoteText(text) },
  });
  if (failure.code !== 'NODE_EXECUTION_ERROR') return { ...failure, points: [describe(problem)], traceback };
  const short = cutText(problem);
  const whole = short === problem ? [] : [quoteText(problem)];
  return { ...failure, summary: describe(short), points: whole, traceback };
}

/** The textual details: a text of ours, else a sentence. */
function describeFacts(details: Record<string, unknown>): Text[] {
  const text = readSentText(details.message_text);
  if (text !== null) return [text];
  const words = [details.message, details.cause].map(readText).find((part) => part !== null);
  return words === undefined || words === null ? [] : [readCause(words)];
}

/** Causes of failed requests to a worker, by the wording of the HTTP client; any other is shown as it is. */
const CAUSES: readonly (readonly [code: string, form: RegExp])[] = [
  ['cause.timeout', /^(?<request>[A-Z]+ \/\S*) timed out$/],
  ['cause.aborted', /^(?<request>[A-Z]+ \/\S*) was aborted$/],
  ['cause.no_server', /^(?<request>[A-Z]+ \/\S*) found no server$/],
  ['cause.status', /^(?<request>[A-Z]+ \/\S*) answered (?<status>\d+)$/],
  ['cause.broken', /^(?<request>[A-Z]+ \/\S*) (?:broke|failed)(?:: .*)?$/],
];

function readCause(words: string): Text {
  for (const [code, form] of CAUSES) {
    const match = form.exec(words);
    if (match !== null) return { code, params: { ...match.groups } };
  }
  return quoteText(words);
}

function nameCode(code: string, message: string): Text {
  return isErrorCode(code) ? plainText(code) : quoteText(message);
}

function readRecorded(value: unknown): RecordedError | null {
  if (!isRecord(value) || typeof value.code !== 'string' || typeof value.message !== 'string') return null;
  return {
    code: value.code,
    message: value.message,
    details: isRecord(value.details) ? value.details : null,
  };
}
