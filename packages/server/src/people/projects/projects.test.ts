import { type ProjectId, parseId } from '@comfleet/contract';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import type { Tables } from '../../app/tables.ts';
import type { Database } from '../../platform/database/database.ts';
import { systemRandom } from '../../platform/time/clock.ts';
import { type Identity, openIdentity } from '../identity/identity.ts';
import { createPrincipal, type Principal } from '../identity/principal.ts';
import { insertProject, putMember } from './project-statements.ts';

let db: Database<Tables>;
let identity: Identity;
let ada: Principal;
let bob: Principal;

beforeEach(async () => {
  const clock = new FakeClock();
  db = await openMemoryDatabase(clock);
  identity = openIdentity(
    { db, clock, random: systemRandom },
    { tokenLifetimeMs: 1, signInLifetimeMs: 1, oidcLifetimeMs: 1, registration: 'admin' },
  );
  ada = await createClient('ada');
  bob = await createClient('bob');
});
afterEach(() => db.close());

async function createClient(name: string): Promise<Principal> {
  const { client } = await identity.clients.create({ name, description: null, grants: [] });
  return createPrincipal({ ...client, kind: 'client' });
}

function readId(text: string): ProjectId {
  const id = parseId<'project'>(text);
  if (id === null) throw new Error('no id');
  return id;
}

/** Stores projects of an owner, each with a member. */
async function fillProjects(count: number, owner: Principal, member: Principal): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const id = named<'project'>(`p-${index}`);
    const row = { id, owner_id: owner.id, name: `p ${index}`, description: null, created_at: 1 };
    const key = { projectId: id, principalId: member.id };
    await db.commit([insertProject(db, row), ...putMember(db, key, { role: 'viewer', addedAtMs: 1 })]);
  }
}

test('nobody owns more than 500 projects, or is a member of more than 500; the two count apart', async () => {
  await fillProjects(500, ada, bob);
  const { projects } = identity;
  await expect(projects.create(ada, { name: 'one more' })).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { reason: 'too_many', limit: 500 },
  });
  const own = await projects.create(bob, { name: 'own' });
  const withOwn = { ...bob, projects: [{ projectId: readId(own.project_id), role: 'owner' as const }] };
  expect((await projects.setMember(withOwn, own.project_id, { member: ada.id, role: 'editor' })).role).toBe(
    'editor',
  );
  const { project_id: other } = await projects.create(await createClient('eve'), { name: 'other' });
  const admin = createPrincipal({
    ...(await identity.clients.create({ name: 'admin', description: null, grants: ['admin'] })).client,
    kind: 'client',
  });
  await expect(projects.setMember(admin, other, { member: bob.id, role: 'viewer' })).rejects.toMatchObject({
    code: 'CONFLICT',
  });
});

test('a project has at most 500 members; roles of those that it has still change', async () => {
  const { project_id: id } = await identity.projects.create(ada, { name: 'full' });
  const projectId = readId(id);
  const members = [];
  for (let index = 0; index < 500; index += 1) members.push(await createClient(`m ${index}`));
  for (const { id: principalId } of members)
    await db.commit(putMember(db, { projectId, principalId }, { role: 'viewer', addedAtMs: 1 }));
  const owner = { ...ada, projects: [{ projectId, role: 'owner' as const }] };
  await expect(
    identity.projects.setMember(owner, id, { member: bob.id, role: 'viewer' }),
  ).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'too_many', limit: 500 } });
  const [first = ada] = members;
  const changed = await identity.projects.setMember(owner, id, { member: first.id, role: 'editor' });
  expect(changed.role).toBe('editor');
});
