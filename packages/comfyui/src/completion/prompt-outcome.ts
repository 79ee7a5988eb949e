import type { CollectedOutput } from './collected-output.ts';

/** Why a prompt failed, from `execution_error`; texts are kept to 64 kB, with a mark where they are cut. The traceback has server paths: not for end users. */
export interface ExecutionError {
  nodeId: string | null;
  nodeType: string | null;
  exceptionType: string;
  message: string;
  traceback: string[];
  /** Nodes that ran in this prompt before it failed. */
  executed: string[];
}

/** How a prompt ended, as its history entry tells. */
export type PromptOutcome =
  /** `cachedNodeIds` did not run again: their files are those of an earlier run. */
  | { kind: 'succeeded'; outputs: CollectedOutput[]; cachedNodeIds: string[] }
  | { kind: 'failed'; error: ExecutionError; outputs: CollectedOutput[] }
  | { kind: 'interrupted'; nodeId: string | null; nodeType: string | null; outputs: CollectedOutput[] };

/** The entry does not tell yet (CD4); ask again. */
export interface IncompleteHistory {
  kind: 'incomplete';
  reason: string;
}

/**
 * How following a prompt ended. lost: the server knows it no more (restart, deleted). unreadable: it ended, but its history
 * stayed incomplete for the whole limit, or is larger than what is read of one; neither success nor failure.
 */
export type PromptEnd =
  | PromptOutcome
  | { kind: 'lost'; reason: string }
  | { kind: 'unreadable'; reason: string; isTooLarge?: true };
