import type { DefinitionProblem, WorkerId } from '@comfleet/contract';
import { applyConfiguredWorkers } from '../fleet/workers/joining/configured-workers.ts';
import { removeIdle } from '../fleet/workers/joining/departures.ts';
import type { WorkerRegistry } from '../fleet/workers/registry.ts';
import type { WorkflowCalls } from '../flow/calls/workflows/workflow-calls.ts';
import { storeWorkflowVersions } from '../flow/calls/workflows/workflow-versions.ts';
import type { Engine } from '../flow/engine/engine.ts';
import type { WorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import type { ReloadOutcome } from '../platform/config/config-store.ts';
import type { Database } from '../platform/database/database.ts';
import { every } from '../platform/lifecycle/every.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock } from '../platform/time/clock.ts';
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
  clock: Clock;
  workflows: Pick<WorkflowCalls, 'reload'>;
  onReread: (reread: Reread) => Promise<void>;
}

/** The result of reloading changed files while the server runs. */
export interface Reread {
  /** The configuration file; null if only workflows can change. */
  file: string | null;
  config: ReloadOutcome;
  /** Everything that is refused now, in the configuration and in workflows. */
  problems: readonly DefinitionProblem[];
  /** The same before the reload. */
  before: readonly DefinitionProblem[];
}

const POLL_MS = 500;

/** Applies changes at run time: workers of the file, and workflows. */
export function followConfig(scope: Scope, store: ConfigStore, deps: FollowDeps): void {
  const { database, fleet, library, engine, loads, logger } = deps;
  store.onChange(async (config: Config, previous: Config) => {
    await library.reload(listWorkflowSources(deps.builtInWorkflows, config));
    await storeWorkflowVersions(database, library.list());
    await applyConfiguredWorkers({ registry: fleet, logger }, config.workers, previous.workers);
    // Idle ones need not wait for the next check.
    await removeIdle({ registry: fleet, loads });
    // A raised limit of a task type lets its next task start.
    await engine.settingsChanged();
  });
  watchFiles(scope, store, deps);
}

/** Reloads configuration and workflows when a file of theirs has changed and is stable at the next check, hence complete. */
function watchFiles(scope: Scope, store: ConfigStore, deps: FollowDeps): void {
  const { library, clock, logger } = deps;
  let seen: string | null = null;
  let before = library.problems();
  every(scope, { name: 'definition files', intervalMs: POLL_MS, clock, logger }, async () => {
    const changes = await Promise.all([store.stamps.findChange(), library.stamps().findChange()]);
    const change = changes.every((one) => one === null) ? null : changes.join('\n');
    const isWhole = change !== null && change === seen;
    seen = change;
    if (!isWhole) return;
    const config = await store.reload();
    if (config.kind !== 'changed') await deps.workflows.reload();
    const problems = store.problems().concat(library.problems());
    const reread = { file: store.file, config, problems, before };
    before = problems;
    await deps.onReread(reread);
  });
}
