import { join } from 'node:path';
import { plainText } from '@comfleet/contract';
import { z } from 'zod';
import { path, port } from '../config/fields.ts';
import { isSampleSecret } from '../config/sample-secret.ts';
import type { Findings } from '../config/settings.ts';

export const durabilitySchema = z
  .enum(['power', 'process'])
  .default('power')
  .describe(
    'What accepted tasks survive with SQLite: a power loss (power), or only a crash of the process (process, faster).',
  );

/** The `database` block. */
export const databaseSchema = z.strictObject({
  driver: z
    .enum(['sqlite', 'postgres', 'mysql'])
    .optional()
    .describe('Which database. Default: mysql if this block is present, else sqlite in data_dir.'),
  file: path('SQLite: the file; default data_dir/comfleet.db.').optional(),
  host: z.string().min(1).default('localhost').describe('Server.'),
  port: port().optional().describe('Port; default 3306 for mysql, 5432 for postgres.'),
  user: z.string().optional().describe('User.'),
  password: z.string().optional().describe('Password.'),
  database: z.string().min(1).default('comfyui_service').describe('Database name.'),
  pool: z.int().min(2).max(200).default(10).describe('Largest number of connections.'),
});
type RawDatabase = z.infer<typeof databaseSchema> | undefined;

/** Where the records are kept. */
export type DatabaseConfig =
  | { readonly driver: 'sqlite'; readonly file: string }
  | {
      readonly driver: 'postgres' | 'mysql';
      readonly host: string;
      readonly port: number;
      readonly user: string | null;
      readonly password: string | null;
      readonly database: string;
      readonly poolSize: number;
    };

export function checkDatabase(raw: RawDatabase, { isOpen }: { isOpen: boolean }, findings: Findings): void {
  if (raw?.password === undefined || !isSampleSecret(raw.password)) return;
  if (isOpen) findings.refuse('database.password', plainText('config.sample_password'));
  else findings.warn('database.password', plainText('config.sample_password'));
}

export function compileDatabase(raw: RawDatabase, dataDir: string): DatabaseConfig {
  const driver = raw ? (raw.driver ?? 'mysql') : 'sqlite';
  if (!raw || driver === 'sqlite') {
    return { driver: 'sqlite', file: raw?.file ?? join(dataDir, 'comfleet.db') };
  }
  return {
    driver,
    host: raw.host,
    port: raw.port ?? (driver === 'mysql' ? 3306 : 5432),
    user: raw.user ?? null,
    password: raw.password ?? null,
    database: raw.database,
    poolSize: raw.pool,
  };
}
