import { createNodeDialer, createNodeTransport } from '@comfleet/comfyui/node';
import { createUuidV7, type Id, type IdKind } from '@comfleet/contract';
import type { FleetOptions } from '../../src/fleet/workers/fleet-options.ts';
import { openWorkerRegistry, type WorkerRegistry } from '../../src/fleet/workers/registry.ts';
import type { Scope } from '../../src/platform/lifecycle/scope.ts';
import { silentLogger } from '../../src/platform/logging/logger.ts';
import { Sealer } from '../../src/platform/secrets/sealer.ts';
import { systemClock, systemRandom } from '../../src/platform/time/clock.ts';
import { openMemoryDatabase } from './memory-database.ts';

/** A fleet with its own database, over real sockets; closed with the scope. */
export async function openRegistry(scope: Scope, options: FleetOptions = {}): Promise<WorkerRegistry> {
  const transport = createNodeTransport();
  scope.add('transport', () => transport.close());
  const deps = {
    database: await openMemoryDatabase(systemClock),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    transport,
    dialer: createNodeDialer(),
    sealer: new Sealer(new Uint8Array(32)),
    createId: <K extends IdKind>(): Id<K> => createUuidV7<K>(systemClock.nowMs(), systemRandom.bytes(10)),
  };
  return openWorkerRegistry(scope, deps, options);
}
