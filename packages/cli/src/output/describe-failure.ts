import type { RecordedError } from '@comfleet/contract';
import { describeDetails } from './describe-details.ts';

/**
 * What stands behind a task's error, in lines: the graph node with its class and the worker's own words, a refusal per node
 * and input, or the sentence that a detail carries. Of exhausted attempts, that of the last one. Never the traceback.
 */
export function describeFailure(error: RecordedError | null): string[] {
  const details = error?.details;
  if (!details) return [];
  const { last_error: last, message, node_id: node, node_errors: nodeErrors } = details;
  if (isRecorded(last)) return [`${last.code} ${last.message}`, ...describeFailure(last)];
  if (nodeErrors !== undefined) return describeDetails({ node_errors: nodeErrors });
  const said = readText(message);
  if (error.code !== 'NODE_EXECUTION_ERROR' && error.code !== 'OUT_OF_MEMORY')
    return said === null ? [] : [said];
  const type = readText(details.exception_type);
  const className = readText(details.class_type);
  const where = `node ${readText(node) ?? '?'}${className === null ? '' : ` (${className})`}`;
  return [[where, type, said].filter((part) => part !== null).join(': ')];
}

function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isRecorded(value: unknown): value is RecordedError {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
