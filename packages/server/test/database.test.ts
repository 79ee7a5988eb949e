import { stat } from 'node:fs/promises';
import type { PrincipalId } from '@comfleet/contract';
import { type Database, findSetting, openGeneration, saveSetting, type Tables } from '@comfleet/server';
import { CompiledQuery } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { describeOnDatabases } from '../../../e2e/services/databases.ts';
import { writeBlob } from '../src/flow/assets/asset-rows.ts';
import { loadGraphText, writeGraph } from '../src/flow/tasks/graph-texts.ts';
import { named } from './kit/named.ts';
import { closeAll, createEmpty, openForTest } from './kit/open-test-database.ts';

afterEach(closeAll);

const insertSetting = (database: Database<Tables>, name: string, value = '') => ({
  query: database.k.insertInto('setting').values({ name, value }),
  rows: 1,
});

const listNames = async (database: Database<Tables>) => {
  const rows = await database.read(database.k.selectFrom('setting').select('name').orderBy('name'));
  return rows.map((row) => row.name);
};

describeOnDatabases('a commit', (kind) => {
  test('DB1 of five compare-and-sets at once exactly one wins', async () => {
    const config = await createEmpty(kind);
    const databases = [await openForTest(config), await openForTest(config), await openForTest(config)];
    const [first] = databases;
    if (!first) throw new Error('no database');
    await first.commit([insertSetting(first, 'turn', 'free')]);

    const claims = [...databases, ...databases].slice(0, 5);
    const won = await Promise.all(
      claims.map((database, index) =>
        saveSetting(database, { name: 'turn', value: `taken by ${index}`, seen: 'free' }),
      ),
    );

    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await findSetting(first, 'turn')).toBe(`taken by ${won.indexOf(true)}`);
  });

  test('that is refused leaves nothing and names the write', async () => {
    const database = await openForTest(await createEmpty(kind));
    await database.commit([insertSetting(database, 'there')]);
    const unmatched = {
      query: database.k.updateTable('setting').set({ value: 'x' }).where('name', '=', 'absent'),
      rows: 1,
    };

    const lost = await database.commit([
      insertSetting(database, 'a'),
      unmatched,
      insertSetting(database, 'b'),
    ]);
    const twice = await database.commit([insertSetting(database, 'c'), insertSetting(database, 'there')]);

    expect(lost).toEqual({ kind: 'refused', index: 1, reason: 'unmatched' });
    expect(twice).toEqual({ kind: 'refused', index: 1, reason: 'duplicate' });
    expect(await listNames(database)).toEqual(['there']);
  });

  test('counts a row as matched when its new value is the old one', async () => {
    const database = await openForTest(await createEmpty(kind));
    await database.commit([insertSetting(database, 'same', 'v')]);

    const query = database.k.updateTable('setting').set({ value: 'v' }).where('name', '=', 'same');

    expect(await database.commit([{ query, rows: 1 }])).toEqual({ kind: 'committed' });
  });

  test('that is refused among others at the same time hurts none of them', async () => {
    const database = await openForTest(await createEmpty(kind));
    await database.commit([insertSetting(database, 'taken')]);

    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_value, index) =>
        database.commit([
          insertSetting(database, `n${String(index).padStart(2, '0')}`),
          ...(index % 4 === 3 ? [insertSetting(database, 'taken')] : []),
        ]),
      ),
    );

    expect(outcomes.filter((outcome) => outcome.kind === 'committed')).toHaveLength(30);
    expect(outcomes[3]).toEqual({ kind: 'refused', index: 1, reason: 'duplicate' });
    expect(await listNames(database)).toHaveLength(31);
  });

  test('with wrong SQL among others at the same time fails alone, as a fault of ours', async () => {
    const database = await openForTest(await createEmpty(kind));
    const wrong = database.k.insertInto('blob').values({ hash: 'h' } as never);

    const [before, failed, after] = await Promise.allSettled([
      database.commit([insertSetting(database, 'before')]),
      database.commit([insertSetting(database, 'with it'), { query: wrong }]),
      database.commit([insertSetting(database, 'after')]),
    ]);

    expect(before).toEqual({ status: 'fulfilled', value: { kind: 'committed' } });
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
    expect(after).toEqual({ status: 'fulfilled', value: { kind: 'committed' } });
    expect(await listNames(database)).toEqual(['after', 'before']);
  });

  test('adds what is missing and leaves, or refreshes, what is there', async () => {
    const database = await openForTest(await createEmpty(kind));
    const blob = (size: number) => writeBlob(database, { hash: 'b', size_bytes: size, created_at: size });
    const graph = (text: string, atMs: number) => writeGraph(database, { hash: 'g', text, atMs });

    const first = await database.commit([blob(1), graph('{}', 1)]);
    const second = await database.commit([
      blob(2),
      graph('{"other":1}', 2),
      insertSetting(database, 'after'),
    ]);

    expect([first, second]).toEqual([{ kind: 'committed' }, { kind: 'committed' }]);
    const blobs = await database.read(database.k.selectFrom('blob').select(['size_bytes', 'created_at']));
    expect(blobs.map((row) => ({ ...row }))).toEqual([{ size_bytes: 1, created_at: 1 }]);
    const graphs = await database.read(database.k.selectFrom('stored_text').select('created_at'));
    expect(graphs.map((row) => row.created_at)).toEqual([2]);
    expect(await loadGraphText(database, 'g')).toBe('{}');
    expect(await listNames(database)).toEqual(['after']);
  });

  test('runs its writes in order, and commits take effect in the order they were asked for', async () => {
    const database = await openForTest(await createEmpty(kind));
    const set = (value: string, seen: string) => ({
      query: database.k
        .updateTable('setting')
        .set({ value })
        .where('name', '=', 'step')
        .where('value', '=', seen),
      rows: 1,
    });

    const chain = await database.commit([insertSetting(database, 'step', '0'), set('1', '0'), set('2', '1')]);
    await database.commit([set('3', '2')]);

    expect(chain).toEqual({ kind: 'committed' });
    expect(await findSetting(database, 'step')).toBe('3');
  });

  test('that deadlocks with another is tried again until both succeed', async () => {
    const config = await createEmpty(kind);
    const [one, two] = [await openForTest(config), await openForTest(config)];
    await one.commit([insertSetting(one, 'a', '0'), insertSetting(one, 'b', '0')]);
    const setBoth = (database: Database<Tables>, names: string[]) =>
      database.commit(
        names.map((name) => ({
          query: database.k
            .updateTable('setting')
            .set({ value: names.join('') })
            .where('name', '=', name),
          rows: 1,
        })),
      );

    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => [setBoth(one, ['a', 'b']), setBoth(two, ['b', 'a'])]).flat(),
    );

    expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(['committed']));
    expect(await findSetting(one, 'a')).toBe(await findSetting(one, 'b'));
  });
});

/** Triggers that raise the error of a database server with a full disk. */
const NO_ROOM = {
  sqlite: [],
  postgres: [
    "create function no_room() returns trigger as $$ begin raise exception 'full' using errcode = '53100'; end $$ language plpgsql",
    'create trigger no_room before insert on setting for each row execute function no_room()',
  ],
  mariadb: [1021, 1026, 1030, 1114].map(
    (errno) =>
      `create trigger full_${errno} before insert on setting for each row begin if new.name = '${errno}' then signal sqlstate 'HY000' set mysql_errno = ${errno}; end if; end`,
  ),
};

describeOnDatabases('a disk without room', (kind) => {
  test.skipIf(kind.name === 'sqlite')(
    'a database server with a full disk is reported as such, not as an error of ours',
    async () => {
      const database = await openForTest(await createEmpty(kind));
      for (const sql of NO_ROOM[kind.name]) await database.read({ compile: () => CompiledQuery.raw(sql) });

      for (const name of ['1021', '1026', '1030', '1114'])
        await expect(database.commit([insertSetting(database, name)])).rejects.toMatchObject({
          code: 'UNAVAILABLE',
        });
      expect(await listNames(database)).toEqual([]);
    },
  );
});

describeOnDatabases('what is stored', (kind) => {
  test('DB1 text comes back as written: a megabyte, every script, quotes and backslashes', async () => {
    const database = await openForTest(await createEmpty(kind));
    const long = '文生图 🎨 \\ \' " % _ \n\r\t ünï'.repeat(40_000);

    await database.commit([insertSetting(database, 'long', long), insertSetting(database, "o'clock\\", '')]);

    expect(await findSetting(database, 'long')).toBe(long);
    expect(await findSetting(database, "o'clock\\")).toBe('');
  });

  test('DB1 names that differ in case, accent or a space at the end are different', async () => {
    const database = await openForTest(await createEmpty(kind));

    const outcome = await database.commit(
      ['Abc', 'aBC', 'abc', 'äbc'].map((name) => insertSetting(database, name)),
    );

    expect(outcome).toEqual({ kind: 'committed' });
    expect((await listNames(database)).toSorted()).toEqual(['Abc', 'aBC', 'abc', 'äbc']);
    expect(await findSetting(database, 'ABC')).toBeNull();
  });

  test('DB1 numbers are numbers, exact up to 2^53 − 1, counts too', async () => {
    const database = await openForTest(await createEmpty(kind));
    const row = { hash: 'h', size_bytes: 9007199254740991, created_at: 1767225600000 };
    await database.commit([{ query: database.k.insertInto('blob').values(row), rows: 1 }]);

    const found = await database.read(
      database.k.selectFrom('blob').selectAll().where('size_bytes', '=', 9007199254740991),
    );
    const below = await database.read(
      database.k.selectFrom('blob').selectAll().where('size_bytes', '<', 9007199254740991),
    );
    const [counted] = await database.read(
      database.k.selectFrom('blob').select((b) => b.fn.countAll<number>().as('count')),
    );

    expect(found.map((it) => ({ ...it }))).toEqual([row]);
    expect(below).toEqual([]);
    expect(counted?.count).toBe(1);
  });

  test('DB1 bytes come back as bytes, and null as null', async () => {
    const database = await openForTest(await createEmpty(kind));
    const bytes = Uint8Array.from({ length: 200_000 }, (_value, index) => index % 256);
    await database.commit([
      {
        query: database.k
          .insertInto('stored_text')
          .values({ hash: 'g', size_bytes: 9007199254740991, body: bytes, created_at: 5 }),
        rows: 1,
      },
    ]);

    const [row] = await database.read(database.k.selectFrom('stored_text').selectAll());

    expect(row?.body).toBeInstanceOf(Uint8Array);
    expect(Buffer.from(row?.body ?? []).equals(Buffer.from(bytes))).toBe(true);
    expect(row?.size_bytes).toBe(9007199254740991);
  });

  test('DB4 records stay when the database is closed and opened again', async () => {
    const config = await createEmpty(kind);
    const first = await openForTest(config);
    const id: PrincipalId = named('019a0000-0000-7000-8000-000000000001');
    const user = { id, kind: 'user', name: 'Ada' } as const;
    const rest = { description: null, secret_hash: null, grants: '[]', created_at: 1, revoked_at: null };
    await first.commit([{ query: first.k.insertInto('principal').values({ ...user, ...rest }), rows: 1 }]);
    await first.close();

    const second = await openForTest(config);

    const rows = await second.read(second.k.selectFrom('principal').selectAll());
    expect(rows.map((row) => ({ ...row }))).toMatchObject([{ ...user, ...rest }]);
  });

  test('the generation grows with every start', async () => {
    const config = await createEmpty(kind);
    const one = await openForTest(config);
    const two = await openForTest(config);

    expect([await openGeneration(one), await openGeneration(two), await openGeneration(one)]).toEqual([
      1, 2, 3,
    ]);
  });

  test("the database's clock runs in milliseconds beside ours", async () => {
    const database = await openForTest(await createEmpty(kind));

    expect(Math.abs(database.nowMs() - Date.now())).toBeLessThan(250);
  });
});

describeOnDatabases('the database settings', (kind) => {
  const title = 'DB3 name the database and the account; problems with them are reported';
  const testServer = async () => {
    const config = await createEmpty(kind);

    await expect(openForTest({ ...config, password: 'wrong' } as never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: [{ path: 'database' }] },
    });
    await expect(openForTest({ ...config, database: 'comfleet_absent' } as never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: [{ path: 'database' }] },
    });
    await expect(openForTest({ ...config, port: 1 } as never)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const narrow = await openForTest({ ...config, poolSize: 2 } as never);
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => narrow.commit([insertSetting(narrow, `n${n}`)])));
    const lists = await Promise.all([1, 2, 3, 4, 5, 6].map(() => listNames(narrow)));
    expect(lists.map((names) => names.length)).toEqual([6, 6, 6, 6, 6, 6]);
  };
  const testFile = async () => {
    const config = await createEmpty(kind);
    if (config.driver !== 'sqlite') throw new Error('not a file');
    const file = `${config.file}.folder/deeper/records.db`;

    const database = await openForTest({ driver: 'sqlite', file });
    await database.commit([insertSetting(database, 'here')]);

    expect((await stat(file)).isFile()).toBe(true);
  };
  test(title, kind.name === 'sqlite' ? testFile : testServer);
});
