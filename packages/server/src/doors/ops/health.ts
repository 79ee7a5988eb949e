import { type Health, plainText, type Worker } from '@comfleet/contract';
import { type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import type { StatisticsCalls } from '../../flow/calls/statistics/statistics-calls.ts';
import type { Database } from '../../platform/database/database.ts';
import type { SettingTables } from '../../platform/database/setting-tables.ts';
import { toError } from '../../platform/errors/app-error.ts';
import type { DoorsConfig } from '../doors-config.ts';
import type { FleetView } from '../fleet-view.ts';

type ServiceHealth = Health['services'][string];

export interface HealthDeps {
  db: Database<SettingTables>;
  statistics: Pick<StatisticsCalls, 'engine'>;
  fleet: FleetView;
  config: { readonly current: DoorsConfig };
  version: string;
}

/** The health of the whole and of each part, measured now. Never throws. */
export async function loadHealth(deps: HealthDeps): Promise<Health> {
  const services = {
    database: await checkDatabase(deps.db),
    queue: await describeQueue(deps.statistics),
    redis: describeRedis(deps.config.current),
    nodes: describeWorkers(await deps.fleet.list()),
  };
  return { status: judge(services), version: deps.version, services };
}

/** Down when the database is, degraded when anything is not well. */
function judge(services: Record<string, ServiceHealth>): Health['status'] {
  const states = Object.values(services).map((service) => service.status);
  if (services.database?.status === 'down') return 'down';
  return states.every((state) => state === 'ok') ? 'ok' : 'degraded';
}

async function checkDatabase(db: Database<SettingTables>): Promise<ServiceHealth> {
  const { driver } = db;
  try {
    await db.read(db.k.selectFrom('setting').select('name').limit(1));
    return { ...say('ok', { code: 'service.database', params: { driver } }), details: { driver } };
  } catch (thrown) {
    const details = { error: toError(thrown).message };
    return { ...say('down', { code: 'service.database_down', params: { driver } }), details };
  }
}

async function describeQueue(statistics: HealthDeps['statistics']): Promise<ServiceHealth> {
  const { waiting, held, running } = await statistics.engine();
  const counts = { waiting, held, running };
  return {
    ...say('ok', { code: 'service.queue', params: counts }),
    details: { engine: 'embedded', ...counts },
  };
}

function describeRedis({ redis }: DoorsConfig): ServiceHealth {
  return say('ok', plainText(redis ? 'service.redis_unused' : 'service.redis_unneeded'));
}

function describeWorkers(workers: readonly Worker[]): ServiceHealth {
  const total = workers.length;
  const online = workers.filter((worker) => worker.state === 'online' || worker.state === 'busy').length;
  const details = { total, online };
  if (total === 0) return { ...say('degraded', plainText('service.no_workers')), details };
  if (online === 0)
    return { ...say('degraded', { code: 'service.workers_offline', params: { total } }), details };
  return { ...say('ok', { code: 'service.workers', params: details }), details };
}

function say(status: ServiceHealth['status'], text: FleetText): ServiceHealth {
  return { status, message: toFleetSentence(text), message_text: text };
}
