import { expect, test } from 'vitest';
import type { Driver } from './database.ts';
import { createQueryBuilder } from './query-builder.ts';
import { createTable, type TableSpec } from './table-spec.ts';

const spec: TableSpec = {
  name: 'thing',
  columns: { id: 'id', name: 'word', note: 'text?', at: 'time', body: 'bytes' },
  primary: ['id'],
  indexes: [{ columns: ['name'], unique: true }],
};

const build = (driver: Driver) =>
  createTable(createQueryBuilder(driver), driver, spec).map((step) => step.compile().sql);

test('SQLite: text, integer and blob', () => {
  expect(build('sqlite')).toEqual([
    'create table if not exists "thing" ("id" text not null, "name" text not null, "note" text, "at" integer not null, "body" blob not null, constraint "thing_pk" primary key ("id"))',
    'create unique index if not exists "thing_name" on "thing" ("name")',
  ]);
});

test('PostgreSQL: ids and words compare byte by byte', () => {
  expect(build('postgres')).toEqual([
    'create table if not exists "thing" ("id" varchar(36) collate "C" not null, "name" text collate "C" not null, "note" text, "at" bigint not null, "body" bytea not null, constraint "thing_pk" primary key ("id"))',
    'create unique index if not exists "thing_name" on "thing" ("name")',
  ]);
});

test('MySQL: long types, binary collation, no IF NOT EXISTS on an index', () => {
  expect(build('mysql')).toEqual([
    'create table if not exists `thing` (`id` varchar(36) not null, `name` varchar(191) not null, `note` longtext, `at` bigint not null, `body` longblob not null, constraint `thing_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin',
    'create unique index `thing_name` on `thing` (`name`)',
  ]);
});
