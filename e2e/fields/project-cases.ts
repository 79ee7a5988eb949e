import { expect } from 'vitest';
import { picture } from '../support/graphs.ts';
import type { Cases, Proof, Stage } from './stage.ts';

const STRANGER = '01900000-0000-7000-8000-000000000001';

/** Creates a project of the stage's admin and returns its id. */
export async function createProject(stage: Stage, body: object = {}): Promise<string> {
  return (await stage.get('POST /api/projects', { name: 'a project', ...body })).project_id;
}

const listNames = async (stage: Stage, query: string): Promise<string[]> =>
  (await stage.get(`GET /api/projects${query}`)).projects.map(({ name }: { name: string }) => name);

/** A project of another client; adds a member with a role and returns what the member may do in it. */
const MEMBERS: Proof = async (stage) => {
  const id = await createProject(stage);
  const client = await stage.server.register('a member', ['raw_graph']);
  const submit = async () => {
    const body = { graph: picture(), project_id: id };
    return (await stage.ask('POST /api/v2/tasks', body, { token: client.token })).status;
  };
  const setRole = (role: string) => stage.get(`PUT /api/projects/${id}/members`, { member: client.id, role });
  const before = await submit();
  await setRole('viewer');
  const asViewer = await submit();
  await setRole('editor');
  expect([before, asViewer, await submit()]).toEqual([404, 403, 201]);
  const body = { member: STRANGER, role: 'viewer' };
  await stage.refuses(`PUT /api/projects/${id}/members`, { status: 404, names: 'MEMBER_NOT_FOUND', body });
};

/** Projects, their members, and what belongs to them. */
export const projectCases: Cases = {
  'GET /api/projects': {
    'query.all': async (stage) => {
      const { token } = await stage.server.register('owns one');
      await stage.ask('POST /api/projects', { name: 'not of the admin' }, { token });
      expect(await listNames(stage, '')).not.toContain('not of the admin');
      expect(await listNames(stage, '?all=true')).toContain('not of the admin');
      const refused = await stage.ask('GET /api/projects?all=true', undefined, { token });
      expect(refused.status).toBe(403);
    },
  },
  'POST /api/projects': {
    'body.name': async (stage) => {
      await createProject(stage, { name: ' Film ' });
      expect(await listNames(stage, '')).toContain('Film');
    },
    'body.description': async (stage) => {
      const id = await createProject(stage, { description: 'a short one' });
      expect((await stage.get(`GET /api/projects/${id}`)).description).toBe('a short one');
    },
  },
  'PATCH /api/projects/{id}': {
    'body.name': async (stage) => {
      const id = await createProject(stage, { description: 'kept' });
      await stage.get(`PATCH /api/projects/${id}`, { name: 'renamed' });
      expect(await stage.get(`GET /api/projects/${id}`)).toMatchObject({
        name: 'renamed',
        description: 'kept',
      });
    },
    'body.description': async (stage) => {
      const id = await createProject(stage, { description: 'old' });
      await stage.get(`PATCH /api/projects/${id}`, { description: null });
      expect((await stage.get(`GET /api/projects/${id}`)).description).toBeNull();
    },
  },
  'PUT /api/projects/{id}/members': { 'body.member': MEMBERS, 'body.role': MEMBERS },
};
