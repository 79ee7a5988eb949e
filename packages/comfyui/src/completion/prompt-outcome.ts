import type { CollectedOutput } from './collected-output.ts';

/** Why a prompt failed, from `execution_error`; texts are cut at 64 kB, with a mark. The traceback has server paths: not for users. */
export interface ExecutionError {
  nodeId: string | null;
  nodeType: string | null;
  exceptionType: string;
  message: string;
  traceback: string[];
  /** Nodes that ran in this prompt before it failed. */
  executed: string[];
}

/** How a prompt ended, by its history entry. */
export type PromptOutcome =
  /** Nodes in `cachedNodeIds` did not run; their files are from an earlier prompt. */
  | { kind: 'succeeded'; outputs: CollectedOutput[]; cachedNodeIds: string[] }
  | { kind: 'failed'; error: ExecutionError; outputs: CollectedOutput[] }
  | { kind: 'interrupted'; nodeId: string | null; nodeType: string | null; outputs: CollectedOutput[] };

/** The entry is not complete yet (CD4); query again. */
export interface IncompleteHistory {
  kind: 'incomplete';
  reason: string;
}

/**
 * How following a prompt ended. lost: the server no longer knows it (restart, deleted). unreadable: it ended, but its history
 * stayed incomplete beyond the time limit, or is too large to read; neither success nor failure.
 */
export type PromptEnd =
  | PromptOutcome
  | { kind: 'lost'; reason: string }
  | { kind: 'unreadable'; reason: string; isTooLarge?: true };
