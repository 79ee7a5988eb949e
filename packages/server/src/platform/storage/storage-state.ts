/** What was observed about the places of storage. */
export interface StorageSigns {
  /** The last refusal by SQLite, until a write of ours succeeds; null if there is none. */
  readonly refused: { readonly code: 'STORAGE_FULL' | 'DATABASE_DAMAGED'; readonly reason: string } | null;
  /** The system's code for why a folder cannot be written; null if all can. */
  readonly folder: string | null;
  /** On the disk of the data folder; null if the file system does not report it. */
  readonly freeBytes: number | null;
  /** Why log lines are being lost; null when none is. */
  readonly log: string | null;
}

export type StorageState =
  | { readonly kind: 'ok' }
  | { readonly kind: 'log_lost'; readonly reason: string }
  | { readonly kind: 'full' }
  | { readonly kind: 'unwritable'; readonly reason: string }
  | { readonly kind: 'damaged'; readonly reason: string };

/** Below this a group of commits may no longer fit. */
const LEAST_FREE_BYTES = 1024 * 1024;

/** The worst of all observations. */
export function deriveStorageState({ refused, folder, freeBytes, log }: StorageSigns): StorageState {
  if (refused?.code === 'DATABASE_DAMAGED') return { kind: 'damaged', reason: refused.reason };
  if (freeBytes !== null && freeBytes < LEAST_FREE_BYTES) return { kind: 'full' };
  const reason = refused?.reason ?? folder;
  if (reason !== null) return isFull(reason) ? { kind: 'full' } : { kind: 'unwritable', reason };
  return log === null ? { kind: 'ok' } : { kind: 'log_lost', reason: log };
}

/** Disk full, or quota exceeded. */
function isFull(reason: string): boolean {
  return reason === 'ENOSPC' || reason === 'EDQUOT';
}
