import { type Health, plainText, type Worker } from '@comfleet/contract';
import { type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import { hideMachine } from '../../fleet/workers/health/recovery-advice.ts';
import type { StatisticsCalls } from '../../flow/calls/statistics/statistics-calls.ts';
import type { Database } from '../../platform/database/database.ts';
import type { SettingTables } from '../../platform/database/setting-tables.ts';
import { toError } from '../../platform/errors/app-error.ts';
import type { StorageWatch } from '../../platform/storage/storage-watch.ts';
import type { DoorsConfig } from '../doors-config.ts';
import type { FleetView } from '../fleet-view.ts';

type ServiceHealth = Health['services'][string];

export interface HealthDeps {
  db: Database<SettingTables>;
  storage: Pick<StorageWatch, 'state' | 'freeBytes'>;
  statistics: Pick<StatisticsCalls, 'engine'>;
  fleet: FleetView;
  config: { readonly current: DoorsConfig };
}

/** Measures the health of the server and of each part now. Never throws. */
export async function loadHealth(deps: HealthDeps): Promise<Health> {
  const services = {
    database: await checkDatabase(deps.db),
    storage: describeStorage(deps.storage),
    queue: await describeQueue(deps.statistics),
    redis: describeRedis(deps.config.current),
    nodes: describeWorkers(await deps.fleet.list()),
  };
  return { status: deriveStatus(services), services };
}

/** Down if nothing can be read or stored, degraded if any part is not ok. */
function deriveStatus(services: Record<string, ServiceHealth>): Health['status'] {
  const states = Object.values(services).map((service) => service.status);
  if (services.database?.status === 'down' || services.storage?.status === 'down') return 'down';
  return states.every((state) => state === 'ok') ? 'ok' : 'degraded';
}

async function checkDatabase(db: Database<SettingTables>): Promise<ServiceHealth> {
  const { driver } = db;
  try {
    await db.read(db.k.selectFrom('setting').select('name').limit(1));
    return { ...toHealth('ok', { code: 'service.database', params: { driver } }), details: { driver } };
  } catch (thrown) {
    // Anyone may read this, and the database's message may name hosts and users: its code is enough.
    const error = toError(thrown);
    const details = { driver, error: 'code' in error ? String(error.code) : error.name };
    return { ...toHealth('down', { code: 'service.database_down', params: { driver } }), details };
  }
}

function describeStorage({ state, freeBytes }: HealthDeps['storage']): ServiceHealth {
  const details = { free_bytes: freeBytes };
  switch (state.kind) {
    case 'ok':
      return { ...toHealth('ok', plainText('service.storage')), details };
    case 'log_lost':
      return { ...toHealth('degraded', plainText('service.log_lost')), details };
    case 'full':
      return { ...toHealth('down', plainText('service.storage_full')), details };
    case 'unwritable': {
      const { reason } = state;
      return { ...toHealth('down', { code: 'service.storage_unwritable', params: { reason } }), details };
    }
    case 'damaged':
      return { ...toHealth('down', plainText('service.database_damaged')), details };
    default: {
      const unknownState: never = state;
      return unknownState;
    }
  }
}

/** One line with the problem of each part in this state. */
export function explainParts({ services }: Health, state: ServiceHealth['status']): string[] {
  const parts = Object.entries(services).filter(([, { status }]) => status === state);
  return parts.map(([name, { message }]) => `${name}: ${message}`);
}

async function describeQueue(statistics: HealthDeps['statistics']): Promise<ServiceHealth> {
  const { waiting, held, running } = await statistics.engine();
  const counts = { waiting, held, running };
  return {
    ...toHealth('ok', { code: 'service.queue', params: counts }),
    details: { engine: 'embedded', ...counts },
  };
}

function describeRedis({ redis }: DoorsConfig): ServiceHealth {
  return toHealth('ok', plainText(redis ? 'service.redis_unused' : 'service.redis_unneeded'));
}

function describeWorkers(workers: readonly Worker[]): ServiceHealth {
  const total = workers.length;
  const online = workers.filter((worker) => worker.state === 'online' || worker.state === 'busy').length;
  const details = { total, online };
  if (total === 0) return { ...toHealth('degraded', plainText('service.no_workers')), details };
  if (online === 0) return { ...toHealth('degraded', describeDown(workers)), details };
  return { ...toHealth('ok', { code: 'service.workers', params: details }), details };
}

const MAX_PROBLEMS = 3;

/** Why no worker is usable: each problem, since when, and what to do; without names, because anyone may read it. */
function describeDown(workers: readonly Worker[]): FleetText {
  const total = workers.length;
  const problems = new Map<string, FleetText>();
  for (const { recovery } of workers) {
    const [problem, step] = recovery?.advice_texts ?? [];
    if (!recovery || !problem || !step) continue;
    const text = hideMachine(problem);
    if (problems.has(text.code)) continue;
    const since = recovery.since.replace(/\.\d+Z$/, 'Z');
    problems.set(text.code, { code: 'service.worker_down', params: { since, problem: text, step } });
  }
  if (problems.size === 0) return { code: 'service.workers_offline', params: { total } };
  const listed = [...problems.values()].slice(0, MAX_PROBLEMS);
  return { code: 'service.workers_down', params: { total, problems: listed } };
}

function toHealth(status: ServiceHealth['status'], text: FleetText): ServiceHealth {
  return { status, message: toFleetSentence(text), message_text: text };
}
