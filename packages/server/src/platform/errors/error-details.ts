import type { ErrorCode, RecordedError, Text } from '@comfleet/contract';
import type { FleetReason, FleetText } from '@comfleet/contract/texts/fleet';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { ConfigProblem } from '../config/config-problem.ts';
import type { CommitOutcome } from '../database/database.ts';

type Open = Record<string, unknown>;

/** What the current state does not allow, or why a write was refused. */
type ConflictReason =
  | 'asset_in_use'
  | 'hash_mismatch'
  | 'already_authenticated'
  | 'own_client'
  | 'revoked'
  | 'too_many'
  | 'project_owner'
  | Extract<CommitOutcome, { kind: 'refused' }>['reason'];

/** Details that code reads to decide something. */
interface ReadDetails {
  /** `unknown_host`: the address is that of another server. */
  INVALID_REQUEST: Open & { reason?: string };
  ASSET_NOT_FOUND: { asset_id?: string; reason?: 'no_blob' };
  CONFLICT: Open & { reason?: ConflictReason };
  /** `retry_after`: seconds until it begins again; null if time does not help. */
  QUOTA_EXCEEDED: Open & { retry_after?: number | null; message_text?: Text };
  /** `retry_after`: seconds to wait. */
  RATE_LIMITED: { retry_after?: number };
  /** `allowed`: the methods that the address takes. */
  METHOD_NOT_ALLOWED: { allowed: string[] };
  /** `dispatched`: the prompt was sent; `started`: it ran; `refused`: nobody listened. */
  WORKER_UNREACHABLE: {
    dispatched?: boolean;
    started?: boolean;
    refused?: true;
    cause?: string;
    reason?: string;
    url?: string;
    message_text?: FleetText;
  };
  /** `partial`: the worker ran some of its outputs. */
  PROMPT_REFUSED: {
    partial?: true;
    status?: number;
    error?: object | null;
    message?: string;
    message_text?: TaskText;
    left_out?: string[];
    node_errors?: object;
  };
  /** `dispatched` is false if the prompt was never sent. */
  PROMPT_LOST: { dispatched?: false; reason?: string };
  /** `last_error`: of the last attempt. */
  ATTEMPTS_EXHAUSTED: { attempts: number; last_error: RecordedError };
  POISON_TASK: { last_error: RecordedError };
  /** `address`: of the process that holds the lock. */
  DATABASE_LOCKED: { address: string | null; generation?: string | null };
  DATABASE_DAMAGED: { reason: string; file: string };
  STORAGE_FULL: { reason: string; file?: string };
  INSTANCE_CONFIG: {
    field: string;
    value: string;
    problem: string;
    problem_text: FleetText;
    message_text: Text;
  };
  INSTANCE_START_FAILED: {
    instance: string;
    reason: string | null;
    message_text: FleetReason | null;
    log: readonly string[];
  };
  CONFIG_INVALID: {
    problems: readonly ConfigProblem[];
    file?: string | null;
    worker?: string;
    field?: string;
    problem?: string;
  };
}

type Details = {
  [Code in ErrorCode]: Code extends keyof ReadDetails ? ReadDetails[Code] : Open;
};

/** Details of an error with this code: checked where code reads them, else an open record. */
export type ErrorDetails<Code extends ErrorCode> = Details[Code];

/** True for an error with this code, so that its details are known. */
export function hasCode<Code extends ErrorCode>(
  error: Pick<RecordedError, 'code' | 'details'>,
  code: Code,
): error is { code: Code; details: ErrorDetails<Code> | null } {
  return error.code === code;
}
