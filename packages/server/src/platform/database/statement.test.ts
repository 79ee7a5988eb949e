import { expect, test } from 'vitest';
import { createQueryBuilder } from './query-builder.ts';
import type { SettingTables } from './setting-tables.ts';
import { statement } from './statement.ts';

test('a statement is built once a database and bound again each time', () => {
  let built = 0;
  const findValue = statement<SettingTables, { name: string; least: string }>((k, p) => {
    built += 1;
    return k.selectFrom('setting').select('value').where('name', '=', p.name).where('value', '>', p.least);
  });
  const sqlite = createQueryBuilder('sqlite');
  const postgres = createQueryBuilder('postgres');

  const first = findValue(sqlite, { name: 'a', least: 'x' }).compile();
  const second = findValue(sqlite, { name: 'b', least: 'y' }).compile();
  const third = findValue(postgres, { name: 'c', least: 'z' }).compile();

  expect(built).toBe(2);
  expect(first.sql).toBe('select "value" from "setting" where "name" = ? and "value" > ?');
  expect(first.parameters).toEqual(['a', 'x']);
  expect(second.parameters).toEqual(['b', 'y']);
  expect(third.sql).toBe('select "value" from "setting" where "name" = $1 and "value" > $2');
  expect(third.parameters).toEqual(['c', 'z']);
});

test('parameters come in the order of the SQL, and fixed values stay', () => {
  const save = statement<SettingTables, { name: string; value: string }>((k, p) =>
    k.updateTable('setting').set({ value: p.value }).where('name', '=', p.name).where('value', '=', 'old'),
  );

  const { parameters } = save(createQueryBuilder('mysql'), { name: 'n', value: 'v' }).compile();

  expect(parameters).toEqual(['v', 'n', 'old']);
});
