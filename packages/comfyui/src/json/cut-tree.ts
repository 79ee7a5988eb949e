import { cutText, TEXT_BYTES } from './cut-text.ts';
import { isRecord } from './records.ts';

/** The cost of a value in addition to its text. */
const VALUE_BYTES = 8;

/**
 * A copy of a JSON object that takes about `maxBytes`: texts are cut with a mark, and members beyond the limit are counted under
 * the name `…`.
 */
export function cutRecord(record: Record<string, unknown>, maxBytes = TEXT_BYTES): Record<string, unknown> {
  return cutMembers(record, { leftBytes: maxBytes });
}

/** Shared by all parts of one tree. */
interface Budget {
  leftBytes: number;
}

function cutMembers(record: Record<string, unknown>, budget: Budget): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let leftOut = 0;
  for (const name of Object.keys(record)) {
    budget.leftBytes -= name.length * 3 + VALUE_BYTES;
    if (budget.leftBytes > 0) kept[name] = cutValue(record[name], budget);
    else leftOut += 1;
  }
  if (leftOut > 0) kept['…'] = `${leftOut} more`;
  return kept;
}

function cutValue(value: unknown, budget: Budget): unknown {
  budget.leftBytes -= VALUE_BYTES;
  if (typeof value === 'string') {
    const kept = cutText(value, Math.max(0, budget.leftBytes));
    budget.leftBytes -= kept.length;
    return kept;
  }
  if (Array.isArray(value)) {
    const kept: unknown[] = [];
    for (const item of value) {
      if (budget.leftBytes <= 0) break;
      kept.push(cutValue(item, budget));
    }
    return kept;
  }
  return isRecord(value) ? cutMembers(value, budget) : value;
}
