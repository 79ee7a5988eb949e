import { cutRecord, cutText, isRecord } from '@comfleet/comfyui';
import type { RecordedError } from '@comfleet/contract';

/** Of each text, and of each list of what was refused. */
const SHORT_BYTES = 2048;

/**
 * An error as those records keep it that are not asked for its whole story: without the traceback, its texts short. What decides is
 * all there.
 */
export function shortenError({ code, message, details }: RecordedError): RecordedError {
  if (details === null) return { code, message, details };
  const { traceback: _, ...facts } = details;
  return { code, message, details: Object.fromEntries(Object.entries(facts).map(shortenFact)) };
}

function shortenFact([name, fact]: [string, unknown]): [string, unknown] {
  if (typeof fact === 'string') return [name, cutText(fact, SHORT_BYTES)];
  if (isRecorded(fact)) return [name, shortenError(fact)];
  return [name, isRecord(fact) ? cutRecord(fact, SHORT_BYTES) : fact];
}

/** The error of the last attempt, within that of a task without any left. */
function isRecorded(fact: unknown): fact is RecordedError {
  return (
    isRecord(fact) &&
    typeof fact.code === 'string' &&
    typeof fact.message === 'string' &&
    (fact.details === null || isRecord(fact.details))
  );
}
