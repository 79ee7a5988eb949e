import { type Health, plainText } from '@comfleet/contract';
import { type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import type { Flow } from '../../flow/flow.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Database } from '../../platform/database/database.ts';
import { toError } from '../../platform/errors/app-error.ts';
import type { FleetView } from '../fleet-view.ts';

type ServiceHealth = Health['services'][string];

export interface HealthDeps {
  db: Database;
  flow: Pick<Flow, 'stats'>;
  fleet: FleetView;
  config: { readonly current: Config };
  version: string;
}

/** The health of the whole and of each part, measured now. Never throws. */
export async function loadHealth(deps: HealthDeps): Promise<Health> {
  const services = {
    database: await checkDatabase(deps.db),
    queue: describeQueue(deps.flow),
    redis: describeRedis(deps.config.current),
    nodes: describeWorkers(deps.fleet),
  };
  return { status: judge(services), version: deps.version, services };
}

/** Down when the database is, degraded when anything is not well. */
function judge(services: Record<string, ServiceHealth>): Health['status'] {
  const states = Object.values(services).map((service) => service.status);
  if (services['database']?.status === 'down') return 'down';
  return states.every((state) => state === 'ok') ? 'ok' : 'degraded';
}

async function checkDatabase(db: Database): Promise<ServiceHealth> {
  const { driver } = db;
  try {
    await db.read(db.k.selectFrom('setting').select('name').limit(1));
    return { ...say('ok', { code: 'service.database', params: { driver } }), details: { driver } };
  } catch (thrown) {
    const details = { error: toError(thrown).message };
    return { ...say('down', { code: 'service.database_down', params: { driver } }), details };
  }
}

function describeQueue(flow: Pick<Flow, 'stats'>): ServiceHealth {
  const { waiting, held, running } = flow.stats();
  const counts = { waiting, held, running };
  return {
    ...say('ok', { code: 'service.queue', params: counts }),
    details: { engine: 'embedded', ...counts },
  };
}

function describeRedis({ redis }: Config): ServiceHealth {
  return say('ok', plainText(redis ? 'service.redis_unused' : 'service.redis_unneeded'));
}

function describeWorkers(fleet: FleetView): ServiceHealth {
  const workers = fleet.list();
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
