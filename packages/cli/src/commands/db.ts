import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadLocalConfig, loadServer } from './server-module.ts';

export interface DbFlags {
  readonly config?: string;
}

/** `comfleet db status`: version of the schema and what is pending; status 1 when something is. */
export async function showDatabaseStatus(context: CommandContext, flags: DbFlags): Promise<number> {
  const { config } = await loadLocalConfig(context, flags.config);
  const { loadDatabaseStatus } = await loadServer();
  const status = await loadDatabaseStatus(config.database);
  const { say } = context.texts;
  context.show(status, () => [
    say('cli.schema', { driver: status.driver, current: status.current, latest: status.latest }),
    ...status.pending.map(({ version, name }) => say('cli.schema_pending', { version, name })),
  ]);
  return status.pending.length === 0 ? EXIT.ok : EXIT.failed;
}

/** `comfleet db migrate`: brings the schema up to this program while no server runs on it; safe to repeat. */
export async function migrateSchema(context: CommandContext, flags: DbFlags): Promise<number> {
  const { config } = await loadLocalConfig(context, flags.config);
  const { migrateRecords } = await loadServer();
  const status = await migrateRecords(config.database);
  context.show(status, () => [
    context.texts.say('cli.schema_now', { driver: status.driver, current: status.current }),
  ]);
  return EXIT.ok;
}

/** `comfleet db print-sql`: the whole schema as SQL, for those who create it by hand. */
export async function printSql(
  context: CommandContext,
  { driver }: { readonly driver: 'sqlite' | 'postgres' | 'mysql' },
): Promise<number> {
  const { printSchema } = await loadServer();
  const sql = printSchema(driver);
  context.show({ driver, sql }, () => [sql.trimEnd()]);
  return EXIT.ok;
}
