import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  announceAddress,
  type Database,
  openGeneration,
  openProcessLock,
  type Tables,
} from '@comfleet/server';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeOnDatabases, testDatabases } from '../../../e2e/services/databases.ts';
import {
  afterTest,
  closeAll,
  createEmpty,
  openForTest,
  openTestScope,
  type ServerDatabaseConfig,
  systemDeps,
} from './kit/open-test-database.ts';
import { type PrivateServer, startPrivateServer } from './kit/private-server.ts';

afterEach(closeAll);

const CHILD = fileURLToPath(new URL('./kit/database-child.mjs', import.meta.url));

/** Starts a process on the database; `lines` are its output lines. */
function startChild(mode: 'write' | 'hold', config: ServerDatabaseConfig, first = 0) {
  const child = spawn(process.execPath, [CHILD, mode, JSON.stringify(config), String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  afterTest(() => kill(child));
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** The next line of the process; throws if it ended instead. */
async function readLine(lines: AsyncIterator<string>): Promise<string> {
  const next = await lines.next();
  if (next.done) throw new Error('the process has ended');
  return next.value;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const insertRow = (database: Database<Tables>, hash: string) => ({
  query: database.k.insertInto('blob').values({ hash, size_bytes: 1, created_at: 1 }),
  rows: 1,
});

const listHashes = async (database: Database<Tables>) => {
  const rows = await database.read(database.k.selectFrom('blob').select('hash'));
  return rows.map((row) => row.hash);
};

async function measure(action: () => Promise<unknown>): Promise<{ ms: number; code: unknown }> {
  const start = performance.now();
  const code = await action().then(
    () => 'no error',
    (thrown: unknown) => (thrown as { code?: unknown }).code,
  );
  return { ms: performance.now() - start, code };
}

const MANY_ROUNDS = { sqlite: 10, postgres: 3, mariadb: 3 };

describeOnDatabases('kill -9', (kind) => {
  test('DB4 a killed writer has lost no acknowledged commit', { timeout: 90_000 }, async () => {
    const config = await createEmpty(kind);
    const acknowledged: string[] = [];
    for (let round = 0; round < MANY_ROUNDS[kind.name]; round += 1) {
      const { child, lines } = startChild('write', config, round * 1_000_000);
      for (let seen = 0; seen < 20 + round * 13; seen += 1) acknowledged.push(await readLine(lines));
      await kill(child);
      for (let rest = await lines.next(); !rest.done; rest = await lines.next())
        acknowledged.push(rest.value);
    }

    const database = await openForTest(config);
    const present = new Set(await listHashes(database));

    expect(acknowledged.length).toBeGreaterThan(90);
    expect(acknowledged.filter((number) => !present.has(number))).toEqual([]);
  });

  test('E17 a second process is refused with the address of the first, and admitted once the first was killed', async () => {
    const config = await createEmpty(kind);
    const { child, lines } = startChild('hold', config);
    expect(await readLine(lines)).toBe('holding');
    const onLost = () => {};

    const refused = openProcessLock(openTestScope(), config, { ...systemDeps, onLost });
    await expect(refused).rejects.toMatchObject({
      code: 'DATABASE_LOCKED',
      details: { address: 'http://127.0.0.1:8000' },
    });
    await kill(child);
    await openProcessLock(openTestScope(), config, { ...systemDeps, onLost });

    expect(await openGeneration(await openForTest(config))).toBe(2);
  });

  test('a lock given back can be taken again', async () => {
    const config = await createEmpty(kind);
    const scope = openTestScope();
    const deps = { ...systemDeps, onLost: () => {} };
    await openProcessLock(scope, config, deps);

    await scope.close();

    await expect(openProcessLock(openTestScope(), config, deps)).resolves.toBeDefined();
  });
});

test('the SQLite file of killed writers is whole', async () => {
  const [kind] = testDatabases();
  if (!kind) throw new Error('SQLite is always there');
  const config = await createEmpty(kind);
  if (config.driver !== 'sqlite') throw new Error('not SQLite');
  const { child, lines } = startChild('write', config);
  for (let seen = 0; seen < 50; seen += 1) await readLine(lines);
  await kill(child);

  const db = new DatabaseSync(config.file);
  const [answer] = db.prepare('pragma integrity_check').all();
  db.close();

  expect({ ...answer }).toEqual({ integrity_check: 'ok' });
});

for (const kind of testDatabases()) {
  const { name } = kind;
  if (name === 'sqlite') continue;
  const options = kind.available ? {} : { skip: true, meta: { skipReason: kind.reason } };

  describe(`a database server of our own [${name}]`, options, () => {
    const toConfig = ({ url }: PrivateServer): ServerDatabaseConfig => ({
      driver: name === 'postgres' ? 'postgres' : 'mysql',
      host: url.hostname,
      port: Number(url.port),
      user: url.username,
      password: url.password,
      database: url.pathname.slice(1),
      poolSize: 4,
    });

    test('F1 that dies and comes back: UNAVAILABLE in 2 s, then used again without a restart of ours', {
      timeout: 90_000,
    }, async () => {
      const server = await startPrivateServer(name);
      afterTest(() => server.drop());
      const config = toConfig(server);
      const lost: Error[] = [];
      const onLost = (error: Error) => lost.push(error);
      const lock = await openProcessLock(openTestScope(), config, { ...systemDeps, onLost });
      const database = await openForTest(config);
      lock.remember(await openGeneration(database));
      await announceAddress(database, 'first');
      await Promise.all(['a', 'b', 'c'].map((hash) => database.commit([insertRow(database, hash)])));

      server.kill('SIGKILL');
      const failures = await Promise.all([
        measure(() => database.commit([insertRow(database, 'while down')])),
        measure(() => listHashes(database)),
        measure(() => database.commit([insertRow(database, 'while down too')])),
      ]);
      await server.start();

      expect(failures.map((failure) => failure.code)).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
      expect(Math.max(...failures.map((failure) => failure.ms))).toBeLessThan(2000);
      expect(await database.commit([insertRow(database, 'after')])).toEqual({ kind: 'committed' });
      expect(await listHashes(database)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'after']));
      const second = () =>
        openProcessLock(openTestScope(), config, { ...systemDeps, onLost: () => {} }).then(
          async () => 'let in',
          (thrown: unknown) => (thrown as { code: string }).code,
        );
      await vi.waitFor(() => expect(lock.isHeld()).toBe(true), { timeout: 10_000 });
      expect(await second()).toBe('DATABASE_LOCKED');
      expect(lost).toEqual([]);
    });

    test('F2 that stops answering is UNAVAILABLE in 6 s, and used again when it resumes', {
      timeout: 90_000,
    }, async () => {
      const server = await startPrivateServer(name);
      afterTest(() => server.drop());
      const database = await openForTest(toConfig(server));
      await database.commit([insertRow(database, 'a')]);

      await server.freeze();
      const stopped = await Promise.all([
        measure(() => database.commit([insertRow(database, 'b')])),
        measure(() => listHashes(database)),
      ]);
      server.kill('SIGCONT');

      expect(stopped.map((failure) => failure.code)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
      expect(Math.max(...stopped.map((failure) => failure.ms))).toBeLessThan(6000);
      expect(await database.commit([insertRow(database, 'c')])).toEqual({ kind: 'committed' });
      expect(await listHashes(database)).toEqual(expect.arrayContaining(['a', 'c']));
    });
  });
}
