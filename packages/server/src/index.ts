export { type App, type AppOptions, openApp } from './app/app.ts';
export { migrateRecords } from './app/migrate-records.ts';
export { type LoadedConfig, loadConfig, openConfig } from './app/settings.ts';
export type { Tables } from './app/tables.ts';
export { checkWorkflows } from './app/workflow-sources.ts';
export { startUp } from './main.ts';
export { listProblems } from './platform/config/config-problem.ts';
export type { CommitOutcome, Database, Driver, Write } from './platform/database/database.ts';
export { type MigrationStatus, printSchema } from './platform/database/migrate.ts';
export { loadDatabaseStatus, migrateDatabase, openDatabase } from './platform/database/open-database.ts';
export { openProcessLock, type ProcessLock } from './platform/database/process-lock.ts';
export { openSqlite } from './platform/database/sqlite-driver.ts';
export {
  announceAddress,
  findSetting,
  openGeneration,
  saveSetting,
} from './platform/database/stored-settings.ts';
export { Scope } from './platform/lifecycle/scope.ts';
export { silentLogger } from './platform/logging/logger.ts';
export { systemClock, systemRandom } from './platform/time/clock.ts';
export type { UpOptions } from './up/up-options.ts';
