import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompiledQuery } from 'kysely';
import { withDatabase } from '../kill/read-sql.ts';
import type { DatabaseConfig } from '../services/databases.ts';

/** A text by where it was found. */
export type Sources = Map<string, string>;

/** Files of the data folder that are meant to hold a secret, for their owner alone. */
const MEANT = new Set(['credential.json', 'secrets.json', 'admin-password']);

/** Every file below a folder as it is on the disk, besides those that are meant to hold a secret. */
export async function readFiles(folder: string): Promise<Sources> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !MEANT.has(entry.name));
  return readAll(files.map(({ parentPath, name }) => join(parentPath, name)));
}

async function readAll(paths: readonly string[]): Promise<Sources> {
  const read = async (path: string): Promise<[string, string]> => [path, await readFile(path, 'latin1')];
  return new Map(await Promise.all(paths.map(read)));
}

const TABLES = {
  sqlite: "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
  postgres: "select table_name as name from information_schema.tables where table_schema = 'public'",
  mysql: 'select table_name as name from information_schema.tables where table_schema = database()',
};

/** Every row of every table; bytes as latin1. For SQLite while the server is down. */
export function dumpDatabase(config: DatabaseConfig): Promise<Sources> {
  return withDatabase(config, async (database) => {
    const select = <Row>(text: string) => database.read<Row>({ compile: () => CompiledQuery.raw(text) });
    const dump: Sources = new Map();
    for (const { name } of await select<{ name: string }>(TABLES[config.driver])) {
      const quoted = config.driver === 'mysql' ? `\`${name}\`` : `"${name}"`;
      const rows = await select<Record<string, unknown>>(`select * from ${quoted}`);
      dump.set(`table ${name}`, rows.map(writeRow).join('\n'));
    }
    return dump;
  });
}

function writeRow(row: Record<string, unknown>): string {
  const write = (value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
  return Object.entries(row)
    .map(([name, value]) => `${name}=${write(value)}`)
    .join('\t');
}

/** Runs a statement that changes the structure of a running server's database, so that a request of it fails. */
export function changeStructure(config: DatabaseConfig, statement: string): Promise<void> {
  return withDatabase(config, async (database) => {
    await database.commit([{ query: { compile: () => CompiledQuery.raw(statement) } }]);
  });
}

/** Command lines of a process and of all below it, and the environment of those below it. */
export async function readProcesses(pid: number): Promise<Sources> {
  const children = await listDescendants(pid);
  const commands = [pid, ...children].map((id) => `/proc/${id}/cmdline`);
  return readAll([...commands, ...children.map((id) => `/proc/${id}/environ`)]);
}

async function listDescendants(pid: number): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  for (const id of ids) {
    // A process that ended meanwhile is nobody's child any more.
    const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
    parents.set(id, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0));
  }
  const isBelow = (id: number): boolean => {
    const parent = parents.get(id) ?? 0;
    return parent === pid || (parent > 1 && isBelow(parent));
  };
  return ids.filter(isBelow);
}

/** The names of the secrets that a text holds, by where it was found. */
export function findSecrets(sources: Sources, secrets: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([place, text]) =>
    [...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => `${name} in ${place}`),
  );
}
