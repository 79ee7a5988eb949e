import type { PrincipalId, ProjectId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { CurrentDay } from './current-day.ts';
import type { QuotaBook } from './quota-book.ts';
import type { QuotaStore, Wish } from './quota-counters.ts';
import type { CountedSubject } from './quota-statements.ts';
import type { QuotaTables } from './quota-tables.ts';
import { type CountedQuota, createWish, isDaily } from './quota-wishes.ts';

export interface AdmissionDeps {
  db: Database<QuotaTables>;
  days: CurrentDay;
  book: QuotaBook;
  store: QuotaStore;
}

/** An act's part in one quota of one subject. */
interface Claim {
  readonly subject: CountedSubject;
  readonly quota: CountedQuota;
  readonly amount: number;
  readonly isCheck?: boolean;
}

/**
 * Lets tasks and uploads in as far as the quotas of their owner and project allow, however many arrive at once. What has no limit
 * is not counted. Implements flow's `Admission`.
 */
export function createAdmission(deps: AdmissionDeps) {
  return {
    tasks: async <T>(
      { ownerId, projectId }: { ownerId: PrincipalId; projectId: ProjectId | null },
      count: number,
      accept: (keep: () => void) => Promise<T>,
    ): Promise<T> => {
      const claims = listSubjects(ownerId, projectId).flatMap((subject): Claim[] => [
        { subject, quota: 'tasks_per_day', amount: count },
        { subject, quota: 'tasks_total', amount: count },
        { subject, quota: 'tasks_waiting', amount: count },
        // Results need room; how much is known only when they are there.
        { subject, quota: 'stored_bytes', amount: 1, isCheck: true },
      ]);
      return admit(deps, ownerId, claims, (keep) => accept(() => keep()));
    },
    upload: async <T>(
      ownerId: PrincipalId,
      maxBytes: number,
      store: (keep: (sizeBytes: number) => void) => Promise<T>,
    ): Promise<T> => {
      const subject = { column: 'owner_id', id: ownerId } as const;
      const claims: Claim[] = [
        { subject, quota: 'upload_bytes_per_day', amount: maxBytes },
        { subject, quota: 'stored_bytes', amount: maxBytes },
      ];
      return admit(deps, ownerId, claims, store);
    },
  };
}

function listSubjects(ownerId: PrincipalId, projectId: ProjectId | null): CountedSubject[] {
  const owner = { column: 'owner_id', id: ownerId } as const;
  return projectId === null ? [owner] : [owner, { column: 'project_id', id: projectId }];
}

async function admit<T>(
  deps: AdmissionDeps,
  ownerId: PrincipalId,
  claims: readonly Claim[],
  run: (keep: (amount?: number) => void) => Promise<T>,
): Promise<T> {
  await deps.book.learn(ownerId);
  const wanted = claims.flatMap((claim) => {
    const wish = toWish(deps, claim);
    return wish === null ? [] : [{ claim, wish }];
  });
  if (wanted.length === 0) return await run(() => undefined);
  const outcome = await deps.store.reserve(wanted.map(({ wish }) => wish));
  if (outcome.kind === 'refused') {
    const [first] = wanted.filter(({ wish }) => wish === outcome.wish);
    if (first) throw refuse(deps, first.claim, outcome);
    throw new AppError('INTERNAL', { reason: 'refused by an unknown quota' });
  }
  const { reservation } = outcome;
  try {
    return await run((amount) => reservation.keep(amount));
  } finally {
    reservation.release();
  }
}

/** Null without a limit. */
function toWish(deps: AdmissionDeps, { subject, quota, amount, isCheck }: Claim): Wish | null {
  const { book } = deps;
  const { limit } =
    subject.column === 'owner_id' ? book.ofOwner(subject.id, quota) : book.ofProject(subject.id, quota);
  if (limit === null) return null;
  const wish = createWish(deps, { subject, quota }, { amount, limit });
  return isCheck === true ? { ...wish, isCheck } : wish;
}

function refuse(
  { days, book, db }: AdmissionDeps,
  { subject, quota }: Claim,
  { wish: { limit, amount: asked }, used }: { wish: Wish; used: number },
): AppError {
  const whose = subject.column === 'project_id' ? 'project' : book.kindOf(subject.id);
  const endMs = isDaily(quota) ? days.today.endMs : null;
  return new AppError('QUOTA_EXCEEDED', {
    ...{ quota, whose, limit, used, asked },
    resets_at: endMs === null ? null : new Date(endMs).toISOString(),
    retry_after: endMs === null ? null : Math.max(1, Math.ceil((endMs - db.nowMs()) / 1000)),
    message_text: { code: `quota.${quota}`, params: { whose, limit, used, asked } },
  });
}
