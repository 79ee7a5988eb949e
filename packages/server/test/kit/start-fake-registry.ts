import { createUuidV7, type Id, type IdKind } from '@comfleet/contract';
import type { Tables } from '../../src/app/tables.ts';
import type { FleetOptions } from '../../src/fleet/workers/fleet-options.ts';
import { openWorkerRegistry, type WorkerRegistry } from '../../src/fleet/workers/registry.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { Scope } from '../../src/platform/lifecycle/scope.ts';
import { silentLogger } from '../../src/platform/logging/logger.ts';
import { Sealer } from '../../src/platform/secrets/sealer.ts';
import { type Clock, systemRandom } from '../../src/platform/time/clock.ts';
import type { FakeComfyui } from '../fakes/fake-comfyui.ts';

const random = { bytes: systemRandom.bytes, fraction: () => 0.5 };

/** A fleet of fake ComfyUI servers on a fake clock. To simulate a restart, close it and start another on the same database. */
export async function startFakeRegistry(
  { clock, database, comfyui }: { clock: Clock; database: Database<Tables>; comfyui: FakeComfyui },
  options: FleetOptions = {},
  mayContact: Promise<void> = Promise.resolve(),
): Promise<{ registry: WorkerRegistry; scope: Scope }> {
  const scope = new Scope('test', clock, silentLogger);
  const deps = {
    ...{ database, clock, random, logger: silentLogger, mayContact },
    ...{ transport: comfyui.transport, dialer: comfyui.dialer, sealer: new Sealer(new Uint8Array(32)) },
    createId: <K extends IdKind>(): Id<K> => createUuidV7<K>(clock.nowMs(), random.bytes(10)),
  };
  return { registry: await openWorkerRegistry(scope, deps, options), scope };
}
