import {
  type ChangeQuota,
  type PrincipalId,
  parseId,
  QUOTAS,
  type Quota,
  type QuotaList,
  type QuotaOverride,
  type QuotaSubject,
  type QuotaUse,
  type Usage,
} from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { commitAll } from '../identity/commit-all.ts';
import { findPrincipal } from '../identity/principal-statements.ts';
import { findByIdOrName } from '../identity/user-record.ts';
import { findProject } from '../projects/project-statements.ts';
import type { CurrentDay } from './current-day.ts';
import { type QuotaBook, toSubjectKind } from './quota-book.ts';
import {
  type CountedSubject,
  countTasks,
  deleteOverride,
  putOverride,
  sumUploaded,
} from './quota-statements.ts';
import type { QuotaRow, QuotaTables } from './quota-tables.ts';
import { countQuota, isDaily } from './quota-wishes.ts';

/** Whose quotas are shown or changed. */
interface Subject {
  readonly kind: QuotaSubject;
  readonly name: string;
  readonly counted: CountedSubject;
}

export interface QuotaCallsDeps {
  db: Database<QuotaTables>;
  days: CurrentDay;
  book: QuotaBook;
}

/**
 * What doors may ask of quotas. A subject is a user (id or name), a client or a project (id). Throws QUOTA_SUBJECT_NOT_FOUND for
 * any other.
 */
export interface QuotaCalls {
  list(): Promise<QuotaList>;
  /** Sets some limits of a subject; null lifts one, and absent ones stay as they are. */
  change(actorId: PrincipalId, subject: string, change: ChangeQuota): Promise<QuotaOverride>;
  /** The limits that were set for a subject; null for an unknown one. */
  find(subject: string): Promise<{ id: string; name: string; limits: ChangeQuota } | null>;
  /** Gives a subject the configured limits again. */
  reset(subject: string): Promise<void>;
  /** What a subject used, now and on the last days. */
  usage(subject: string, days: number): Promise<Usage>;
}

export function createQuotaCalls(deps: QuotaCallsDeps): QuotaCalls {
  const { db, book, days } = deps;
  return {
    list: async () => {
      const overrides: QuotaOverride[] = [];
      for (const row of book.list()) overrides.push(await toOverride(db, row));
      return { defaults: structuredClone(book.defaults), overrides };
    },
    change: async (actorId, idOrName, change) => {
      const subject = await loadSubject(db, idOrName);
      if (subject.kind === 'project' && change.upload_bytes_per_day !== undefined)
        throw new AppError('INVALID_REQUEST', { reason: 'uploads belong to no project' });
      const { id } = subject.counted;
      const limits = { ...readLimits(book, subject), ...change };
      const row: QuotaRow = {
        ...{ subject_id: id, subject_kind: subject.kind, limits: JSON.stringify(limits) },
        ...{ changed_at: db.nowMs(), changed_by: actorId },
      };
      await commitAll(db, putOverride(db, row));
      book.put(row);
      return toOverride(db, row);
    },
    find: async (idOrName) => {
      const subject = await findSubject(db, idOrName);
      return subject && { id: subject.counted.id, name: subject.name, limits: readLimits(book, subject) };
    },
    reset: async (idOrName) => {
      const { id } = (await loadSubject(db, idOrName)).counted;
      await commitAll(db, [deleteOverride(db, id)]);
      book.remove(id);
    },
    usage: async (idOrName, count) => {
      const subject = await loadSubject(db, idOrName);
      const { kind, name, counted } = subject;
      if (counted.column === 'owner_id') await book.learn(counted.id);
      const quotas: QuotaUse[] = [];
      for (const quota of listQuotas(kind)) quotas.push(await readUse(deps, counted, quota));
      return {
        subject: { kind, id: counted.id, name },
        quotas,
        days: await readDays(deps, counted, count),
        time_zone: days.zone,
      };
    },
  };
}

function readLimits(book: QuotaBook, { counted: { id } }: Subject): ChangeQuota {
  const row = book.list().find((one) => one.subject_id === id);
  return row ? (JSON.parse(row.limits) as ChangeQuota) : {};
}

/** Uploads belong to their owner alone. */
function listQuotas(kind: QuotaSubject): Quota[] {
  return QUOTAS.filter((quota) => kind !== 'project' || quota !== 'upload_bytes_per_day');
}

async function readUse(
  { db, days, book }: QuotaCallsDeps,
  subject: CountedSubject,
  quota: Quota,
): Promise<QuotaUse> {
  const { startMs, endMs } = days.today;
  const { limit, source } =
    subject.column === 'owner_id' ? book.ofOwner(subject.id, quota) : book.ofProject(subject.id, quota);
  const used =
    quota === 'tasks_running'
      ? await countTasks(db, subject, { states: ['running'] })
      : await countQuota(db, { subject, quota }, startMs);
  return { quota, limit, used, resets_at: isDaily(quota) ? new Date(endMs).toISOString() : null, source };
}

async function readDays(
  { db, days }: QuotaCallsDeps,
  subject: CountedSubject,
  count: number,
): Promise<Usage['days']> {
  const listed: Usage['days'] = [];
  for (const { day, startMs, endMs } of days.list(count)) {
    const period = { sinceMs: startMs, untilMs: endMs };
    const tasks = await countTasks(db, subject, period);
    const bytes = subject.column === 'owner_id' ? await sumUploaded(db, subject.id, period) : 0;
    listed.push({ day, tasks, upload_bytes: bytes });
  }
  return listed;
}

async function loadSubject(db: Database<QuotaTables>, idOrName: string): Promise<Subject> {
  const subject = await findSubject(db, idOrName);
  if (subject === null) throw new AppError('QUOTA_SUBJECT_NOT_FOUND', { subject: idOrName.slice(0, 100) });
  return subject;
}

async function findSubject(db: Database<QuotaTables>, idOrName: string): Promise<Subject | null> {
  const principal = await findByIdOrName(db, idOrName);
  if (principal !== null) {
    const { id, kind, name } = principal;
    return { kind: toSubjectKind(kind), name, counted: { column: 'owner_id', id } };
  }
  const id = parseId<'project'>(idOrName);
  const project = id && (await findProject(db, id));
  return (
    project && { kind: 'project', name: project.name, counted: { column: 'project_id', id: project.id } }
  );
}

/** A subject that is gone is shown by its id. */
async function toOverride(db: Database<QuotaTables>, row: QuotaRow): Promise<QuotaOverride> {
  const { subject_id: id, subject_kind: kind } = row;
  const found = await findSubject(db, id);
  const changer = await findPrincipal(db, row.changed_by);
  return {
    subject: { kind, id, name: found?.name ?? id },
    limits: JSON.parse(row.limits) as QuotaOverride['limits'],
    changed_at: new Date(row.changed_at).toISOString(),
    changed_by: changer?.name ?? row.changed_by,
  };
}
