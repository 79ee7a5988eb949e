import type { SchemaConnection } from '../migrate.ts';
import type { ColumnAddition, IndexSpec, TableRename, TableSpec } from '../table-spec.ts';
import { tables as records } from './0001-records.ts';
import { tables as overlay } from './0002-overlay.ts';
import { tables as workerHealth } from './0003-worker-health.ts';
import { fill as fillTaskInputs, tables as taskInputs } from './0004-task-inputs.ts';
import { tables as attemptFingerprints } from './0005-attempt-fingerprints.ts';
import { renames as storedTexts } from './0006-stored-texts.ts';
import { tables as taskWarnings } from './0007-task-warnings.ts';
import { indexes as waitingTasks } from './0008-waiting-tasks.ts';
import { columns as peopleColumns, indexes as peopleIndexes } from './0009-people.ts';
import { columns as projectColumns, indexes as projectIndexes, tables as projects } from './0010-projects.ts';
import { columns as oidcColumns, indexes as oidcIndexes } from './0011-oidc.ts';
import { tables as audit } from './0012-audit.ts';
import { fill as nameStrategy, tables as settings } from './0013-settings.ts';
import { columns as quotaColumns, indexes as quotaIndexes, tables as quotas } from './0014-quotas.ts';
import { tables as rollups } from './0015-rollups.ts';

/** A forward step of the schema. `minBinary` is the oldest schema version whose programs still work after it. */
export interface Migration {
  version: number;
  name: string;
  minBinary: number;
  tables: readonly TableSpec[];
  /** Columns and indexes of tables of earlier steps. */
  columns?: readonly ColumnAddition[];
  indexes?: readonly IndexSpec[];
  renames?: readonly TableRename[];
  /** Copies existing rows into the new tables; safe to repeat. */
  fill?: (connection: SchemaConnection) => Promise<void>;
}

/** In order, never changed after a release; new ones are appended. */
export const migrations: readonly Migration[] = [
  { version: 1, name: 'records', minBinary: 1, tables: records },
  { version: 2, name: 'overlay', minBinary: 1, tables: overlay },
  { version: 3, name: 'worker-health', minBinary: 1, tables: workerHealth },
  // An older program accepts tasks without rows for their inputs, and uploads that they need would be removed.
  { version: 4, name: 'task-inputs', minBinary: 4, tables: taskInputs, fill: fillTaskInputs },
  { version: 5, name: 'attempt-fingerprints', minBinary: 4, tables: attemptFingerprints },
  // An older program looks for graphs in a table that no longer exists.
  { version: 6, name: 'stored-texts', minBinary: 6, tables: [], renames: storedTexts },
  { version: 7, name: 'task-warnings', minBinary: 6, tables: taskWarnings },
  { version: 8, name: 'waiting-tasks', minBinary: 6, tables: [], indexes: waitingTasks },
  {
    version: 9,
    name: 'people',
    minBinary: 6,
    tables: [],
    columns: peopleColumns,
    indexes: peopleIndexes,
  },
  {
    version: 10,
    name: 'projects',
    // An older program shows tasks of projects to their owners only, which is safe.
    minBinary: 6,
    tables: projects,
    columns: projectColumns,
    indexes: projectIndexes,
  },
  // An older program refuses users of a provider: they have no password.
  { version: 11, name: 'oidc', minBinary: 6, tables: [], columns: oidcColumns, indexes: oidcIndexes },
  { version: 12, name: 'audit', minBinary: 6, tables: audit },
  // An older program shows and uses a strategy changed at run time no longer.
  { version: 13, name: 'settings', minBinary: 6, tables: settings, fill: nameStrategy },
  {
    version: 14,
    name: 'quotas',
    // An older program does not know the limits that were set.
    minBinary: 6,
    tables: quotas,
    columns: quotaColumns,
    indexes: quotaIndexes,
  },
  // An older program removes tasks without keeping their statistics.
  { version: 15, name: 'rollups', minBinary: 6, tables: rollups },
];
