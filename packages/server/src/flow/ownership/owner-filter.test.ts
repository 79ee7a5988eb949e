import { PROJECT_ROLES } from '@comfleet/contract';
import { FakeClock } from '@comfleet/test-kit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import { writeNewTask } from '../tasks/task-rows.ts';
import type { Actor } from './actor.ts';
import { changeableBy, matchesOwner, requireChangeable, visibleTo, whereOwner } from './owner-filter.ts';

const ADA: Actor = { id: named('ada'), name: 'Ada', permissions: ['tasks.run'], projects: [] };
const ROW = { owner_id: named<'principal'>('bob'), project_id: named<'project'>('film') };

const within = (role: Actor['projects'][number]['role']): Actor => ({
  ...ADA,
  projects: [{ projectId: named('film'), role }],
});

describe('what an actor sees and changes', () => {
  test('P21 AU7 its own rows', () => {
    expect(visibleTo(ADA)).toEqual({ kind: 'some', ownerId: ADA.id, projectIds: [] });
    expect(matchesOwner(visibleTo(ADA), ROW)).toBe(false);
    expect(matchesOwner(visibleTo(ADA), { ...ROW, owner_id: ADA.id })).toBe(true);
  });

  test('AU7 everything with tasks.see_all', () => {
    const admin = { ...ADA, permissions: ['tasks.see_all'] };
    expect([visibleTo(admin), changeableBy(admin)]).toEqual([{ kind: 'all' }, { kind: 'all' }]);
  });

  test.each([
    ['owner', true],
    ['editor', true],
    ['viewer', false],
  ] as const)('AU5 the rows of a project as its %s', (role, mayChange) => {
    const actor = within(role);
    expect(matchesOwner(visibleTo(actor), ROW)).toBe(true);
    expect(matchesOwner(changeableBy(actor), ROW)).toBe(mayChange);
  });

  test('a row of a project that is only seen is refused by its project', () => {
    expect(() => requireChangeable(within('viewer'), ROW)).toThrowError(
      expect.objectContaining({ code: 'PROJECT_READ_ONLY', details: { project_id: ROW.project_id } }),
    );
    expect(() => requireChangeable(within('viewer'), { ...ROW, owner_id: ADA.id })).not.toThrow();
  });
});

test('AU7 the predicate and the condition in SQL select the same rows', async () => {
  const database = await openMemoryDatabase(new FakeClock());
  const principals = ['ada', 'bob', 'eve'].map((name) => named<'principal'>(name));
  const projects = ['film', 'game', "o'hara"].map((name) => named<'project'>(name));
  const rows = principals.flatMap((owner) =>
    [null, ...projects].map((project) =>
      createTaskRow({ id: named(`${owner}-${project}`), owner_id: owner, project_id: project }),
    ),
  );
  for (const row of rows) await database.commit(writeNewTask(database.k, row, []));
  const actors: fc.Arbitrary<Actor> = fc.record({
    id: fc.constantFrom(...principals, named<'principal'>('nobody')),
    name: fc.constant('someone'),
    permissions: fc.subarray(['tasks.run', 'tasks.see_all', 'fleet.see']),
    projects: fc
      .subarray(projects)
      .chain((ids) =>
        fc.tuple(
          ...ids.map((projectId) => fc.constantFrom(...PROJECT_ROLES).map((role) => ({ projectId, role }))),
        ),
      ),
  });
  await fc.assert(
    fc.asyncProperty(actors, fc.constantFrom(visibleTo, changeableBy), async (actor, filterOf) => {
      const filter = filterOf(actor);
      const query = database.k.selectFrom('task').select('id').where(whereOwner(filter)).orderBy('id');
      const selected = (await database.read(query)).map(({ id }) => id);
      const matched = rows.filter((row) => matchesOwner(filter, row)).map(({ id }) => id);
      expect(selected).toEqual(matched.sort());
    }),
    { numRuns: 300 },
  );
});
