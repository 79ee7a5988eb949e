import type { AuditObjectKind } from '@comfleet/contract';
import type { AuditedObject, FindAudited } from '../people/audit/audited-people.ts';
import { AppError } from '../platform/errors/app-error.ts';
import type { NativeDeps } from './native/native-deps.ts';

/** How the audit log finds each kind of object that routes change. */
export type AuditedObjects = Readonly<Record<AuditObjectKind, FindAudited>>;

/** People's objects as people describe them; workers and settings as their routes show them. */
export function createAuditedObjects({
  auditedPeople,
  fleet,
  balancing,
  quotas,
}: Pick<NativeDeps, 'auditedPeople' | 'fleet' | 'balancing' | 'quotas'>): AuditedObjects {
  return {
    ...auditedPeople,
    worker: (id) => findWorker(fleet, id),
    quota: async (id) => {
      const subject = await quotas.find(id);
      return subject && { kind: 'quota', id: subject.id, name: subject.name, state: { ...subject.limits } };
    },
    setting: async (id) => ({
      ...{ kind: 'setting', id, name: null },
      state: { strategy: balancing.state.strategy, source: balancing.state.source },
    }),
  };
}

/** A worker with what administrators set; not what it reports by itself. */
async function findWorker(fleet: NativeDeps['fleet'], text: string): Promise<AuditedObject | null> {
  try {
    const worker = await fleet.load(text);
    const { worker_id: id, name, url, labels, group, weight, priority, max_concurrent, metadata } = worker;
    const { enabled, draining, source, state } = worker;
    return {
      ...{ kind: 'worker', id, name },
      state: {
        ...{ name, url, labels, group, weight, priority, max_concurrent, metadata, source },
        ...{ enabled, draining, maintenance: state === 'maintenance' },
      },
    };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'WORKER_NOT_FOUND') return null;
    throw thrown;
  }
}
