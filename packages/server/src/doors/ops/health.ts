import type { Health } from '@comfleet/contract';
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
  try {
    await db.read(db.k.selectFrom('setting').select('name').limit(1));
    return { status: 'ok', message: `${db.driver} answers`, details: { driver: db.driver } };
  } catch (thrown) {
    return {
      status: 'down',
      message: `${db.driver} does not answer`,
      details: { error: toError(thrown).message },
    };
  }
}

function describeQueue(flow: Pick<Flow, 'stats'>): ServiceHealth {
  const { waiting, held, running } = flow.stats();
  return {
    status: 'ok',
    message: `${waiting} waiting, ${held} held, ${running} running`,
    details: { engine: 'embedded', waiting, held, running },
  };
}

function describeRedis({ redis }: Config): ServiceHealth {
  if (!redis) return { status: 'ok', message: 'not configured, not needed' };
  return { status: 'ok', message: 'configured, not used: the embedded queue runs' };
}

function describeWorkers(fleet: FleetView): ServiceHealth {
  const workers = fleet.list();
  const online = workers.filter((worker) => worker.state === 'online' || worker.state === 'busy').length;
  const details = { total: workers.length, online };
  if (workers.length === 0) return { status: 'degraded', message: 'no worker is known', details };
  if (online === 0)
    return { status: 'degraded', message: `none of ${workers.length} workers is online`, details };
  return { status: 'ok', message: `${online} of ${workers.length} workers online`, details };
}
