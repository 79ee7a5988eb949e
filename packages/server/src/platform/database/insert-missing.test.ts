import { expect, test } from 'vitest';
import type { Driver } from './database.ts';
import { insertMissing, insertOrRefresh } from './insert-missing.ts';
import { createQueryBuilder } from './query-builder.ts';
import type { SettingTables } from './setting-tables.ts';

type Columns = { name: string; value: string };

const settingOn = (driver: Driver) => ({ driver, k: createQueryBuilder(driver) });

test.each([
  ['sqlite', 'insert into "setting" ("name", "value") values (?, ?) on conflict do nothing'],
  ['postgres', 'insert into "setting" ("name", "value") values ($1, $2) on conflict do nothing'],
  ['mysql', 'insert ignore into `setting` (`name`, `value`) values (?, ?)'],
] as const)('a row that may exist is inserted in the SQL of %s', (driver, sql) => {
  const insert = insertMissing<SettingTables, 'setting', Columns>((k, p) =>
    k.insertInto('setting').values({ name: p.name, value: p.value }),
  );

  const query = insert(settingOn(driver), { name: 'n', value: 'v' }).compile();

  expect([query.sql, query.parameters]).toEqual([sql, ['n', 'v']]);
});

test.each([
  ['sqlite', '(?, ?) on conflict ("name") do update set "value" = "excluded"."value"'],
  ['postgres', '($1, $2) on conflict ("name") do update set "value" = "excluded"."value"'],
  ['mysql', '(?, ?) on duplicate key update `value` = values(`value`)'],
] as const)('a row that may exist is refreshed in the SQL of %s', (driver, end) => {
  const insert = insertOrRefresh<SettingTables, 'setting', Columns>(
    { key: 'name', refresh: 'value' },
    (k, p) => k.insertInto('setting').values({ name: p.name, value: p.value }),
  );

  const query = insert(settingOn(driver), { name: 'n', value: 'v' }).compile();

  expect(query.sql.slice(query.sql.indexOf('values ') + 'values '.length)).toBe(end);
  expect(query.parameters).toEqual(['n', 'v']);
});
