export { openSqlite } from './platform/database/sqlite-engine.ts';
export { type CommitOutcome, type Database, type Driver, type Write } from './platform/database/database.ts';
export { type MigrationStatus, printSchema } from './platform/database/migrate.ts';
export { loadDatabaseStatus, migrateDatabase, openDatabase } from './platform/database/open-database.ts';
export { openProcessLock, type ProcessLock } from './platform/database/process-lock.ts';
export { announceAddress, findSetting, openGeneration, saveSetting } from './platform/database/settings.ts';
export { Scope } from './platform/lifecycle/scope.ts';
export { silentLogger } from './platform/logging/logger.ts';
export { systemClock, systemRandom } from './platform/time/clock.ts';
