import type { PrincipalId, ProjectId } from '@comfleet/contract';

/** Whom tasks and files are counted for. */
export interface CountedFor {
  readonly ownerId: PrincipalId;
  readonly projectId: ProjectId | null;
}

/** Quotas as flow asks for them; people decide them. Both throw QUOTA_EXCEEDED, and as what they run. */
export interface Admission {
  /** Runs `accept` if this many more tasks fit; it calls `keep` once they are stored. */
  tasks<T>(of: CountedFor, count: number, accept: (keep: () => void) => Promise<T>): Promise<T>;
  /** Runs `store` if a file of at most `maxBytes` fits; it calls `keep` with its size once it is stored. */
  upload<T>(
    ownerId: PrincipalId,
    maxBytes: number,
    store: (keep: (sizeBytes: number) => void) => Promise<T>,
  ): Promise<T>;
}

/** Limits of tasks on workers at one time; null: none. Read at each decision of placement. */
export interface RunningLimits {
  ofOwner(id: PrincipalId): number | null;
  ofProject(id: ProjectId): number | null;
}
