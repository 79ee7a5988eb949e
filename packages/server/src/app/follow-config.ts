import type { WorkerId } from '@comfleet/contract';
import { applyConfiguredWorkers } from '../fleet/workers/joining/configured-workers.ts';
import { removeIdle } from '../fleet/workers/joining/departures.ts';
import type { WorkerRegistry } from '../fleet/workers/registry.ts';
import { storeWorkflowVersions } from '../flow/calls/workflows/workflow-versions.ts';
import type { Engine } from '../flow/engine/engine.ts';
import type { WorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import type { Database } from '../platform/database/database.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Config, ConfigStore } from './settings.ts';
import type { Tables } from './tables.ts';
import { listWorkflowSources, type WorkflowSources } from './workflow-sources.ts';

export interface FollowDeps {
  database: Database<Tables>;
  fleet: WorkerRegistry;
  library: WorkflowLibrary;
  engine: Pick<Engine, 'settingsChanged'>;
  loads: () => Promise<ReadonlyMap<WorkerId, number>>;
  builtInWorkflows: WorkflowSources;
  logger: Logger;
}

/** What can change while it runs: workers of the file, and workflows. */
export function followConfig(store: ConfigStore, deps: FollowDeps): void {
  const { database, fleet, library, engine, loads, logger } = deps;
  store.onChange(async (config: Config, previous: Config) => {
    await library.reload(listWorkflowSources(deps.builtInWorkflows, config));
    await storeWorkflowVersions(database, library.list());
    await applyConfiguredWorkers({ registry: fleet, logger }, config.workers, previous.workers);
    // Idle ones need not wait for the next look.
    await removeIdle({ registry: fleet, loads });
    // A raised limit of a task type lets its next task start.
    await engine.settingsChanged();
  });
}
