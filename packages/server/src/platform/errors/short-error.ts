import { cutRecord, cutText, isRecord } from '@comfleet/comfyui';
import type { RecordedError } from '@comfleet/contract';

/** Maximum of each text, and of each list of refused items. */
const SHORT_BYTES = 2048;

/**
 * An error in short form, for records whose full error is rarely requested: without the traceback, with short texts. Everything
 * that decisions need is kept.
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

/** The error of the last attempt, nested in that of a task that has no attempts left. */
function isRecorded(fact: unknown): fact is RecordedError {
  return (
    isRecord(fact) &&
    typeof fact.code === 'string' &&
    typeof fact.message === 'string' &&
    (fact.details === null || isRecord(fact.details))
  );
}
