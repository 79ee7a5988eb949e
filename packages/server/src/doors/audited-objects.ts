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
  settings,
  quotas,
}: Pick<NativeDeps, 'auditedPeople' | 'fleet' | 'settings' | 'quotas'>): AuditedObjects {
  return {
    ...auditedPeople,
    worker: (id) => findWorker(fleet, id),
    setting: async (key) => findSetting(settings, key),
    quota: async (id) => {
      const subject = await quotas.find(id);
      return subject && { kind: 'quota', id: subject.id, name: subject.name, state: { ...subject.limits } };
    },
  };
}

/** A setting with its configured value, which may wait for a restart. */
function findSetting(settings: NativeDeps['settings'], key: string): AuditedObject | null {
  try {
    const { value, afterRestart, source } = settings.find(key);
    const configured = afterRestart ? afterRestart.value : value;
    return { ...{ kind: 'setting', id: key, name: null }, state: { value: configured, source } };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'SETTING_NOT_FOUND') return null;
    throw thrown;
  }
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
