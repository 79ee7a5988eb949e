import type { Role } from '@comfleet/contract';
import { createPrincipal, type Principal } from '../../../src/people/identity/principal.ts';
import { named } from '../named.ts';
import type { TestServer } from '../test-server.ts';

/** Everyone who may ask, in the order of the columns. The task, batch and file of the test server are the owner's, in a project. */
export const ACTORS = [
  'anonymous',
  'owner',
  'client',
  'user',
  'viewer',
  'project owner',
  'editor',
  'project viewer',
  'operator',
  'admin',
  "admin's key",
  'limited key',
] as const;
export type ActorName = (typeof ACTORS)[number];

/** Bearers that stand for nobody. */
export const INVALID = [
  'unknown',
  'tampered',
  'expired',
  'revoked',
  'of a revoked client',
  'sign-in code',
  'invitation',
  'join token',
  'client secret',
  'empty',
] as const;

type Headers = Record<string, string>;

export interface Cast {
  headers: Record<ActorName, Headers>;
  invalid: Record<(typeof INVALID)[number], Headers>;
  /** A new project with the roles of the cast, and a member that is none of it. */
  createProject: () => Promise<{ id: string; guest: string }>;
}

const PASSWORD = 'correct horse battery staple';
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** Creates every actor on a test server, and puts what its owner has into a project. */
export async function createCast(server: TestServer): Promise<Cast> {
  const { identity, local, owner, other, owned } = server;
  const client = async (name: string) => {
    const made = await identity.clients.create({ name, description: null, grants: ['raw_graph'] });
    const { token } = await identity.clients.issueToken(made.client.id, made.secret);
    return { principal: createPrincipal({ ...made.client, kind: 'client' }), token };
  };
  const user = async (role: Role) => {
    await identity.users.create({ name: role, role, password: PASSWORD });
    const origin = { address: '127.0.0.1', userAgent: 'matrix' };
    const { issued } = await identity.users.signIn(role, PASSWORD, { purpose: 'access', origin });
    return bearer(issued.token);
  };
  const key = async (principal: Principal, scopes: readonly [] | null) =>
    bearer((await identity.keys.create(principal, { name: 'matrix', scopes, lifetimeMs: null })).key);
  const director = await client('director');
  const editor = await client('editor');
  const viewer = await client('viewer');
  const { client: guest } = await identity.clients.create({ name: 'guest', description: null, grants: [] });

  const createProject = async () => {
    const { project_id: id } = await identity.projects.create(director.principal, { name: 'Film' });
    const members = [
      [editor.principal.id, 'editor'],
      [viewer.principal.id, 'viewer'],
      [guest.id, 'viewer'],
    ] as const;
    for (const [member, role] of members)
      await identity.projects.setMember(local.principal, id, { member, role });
    return { id, guest: guest.id };
  };
  owned.projectId = named<'project'>((await createProject()).id);

  return {
    headers: {
      anonymous: {},
      owner: owner.headers,
      client: other.headers,
      user: await user('member'),
      viewer: await user('viewer'),
      'project owner': bearer(director.token),
      editor: bearer(editor.token),
      'project viewer': bearer(viewer.token),
      operator: await user('operator'),
      admin: local.headers,
      "admin's key": await key(local.principal, null),
      'limited key': await key(owner.principal, []),
    },
    invalid: await createInvalid(server),
    createProject,
  };
}

async function createInvalid({ identity, local, clock, db }: TestServer): Promise<Cast['invalid']> {
  const issue = async () => {
    const made = await identity.clients.create({ name: 'invalid', description: null, grants: [] });
    return {
      id: made.client.id,
      ...(await identity.clients.issueToken(made.client.id, made.secret)),
      ...made,
    };
  };
  const valid = await issue();
  const expired = await issue();
  await db.commit([
    {
      query: db.k
        .updateTable('token')
        .set({ expires_at: clock.nowMs() })
        .where('principal_id', '=', expired.id),
    },
  ]);
  const ended = await issue();
  await db.commit([{ query: db.k.deleteFrom('token').where('principal_id', '=', ended.id) }]);
  const revoked = await issue();
  await identity.clients.revoke(local.principal, revoked.id);
  const { code } = await identity.sessions.createSignInCode(local.principal.id);
  const handedOut = { name: 'matrix', lifetimeMs: null };
  return {
    unknown: bearer(`cft_${'a'.repeat(43)}`),
    tampered: bearer(valid.token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))),
    expired: bearer(expired.token),
    revoked: bearer(ended.token),
    'of a revoked client': bearer(revoked.token),
    'sign-in code': bearer(code),
    invitation: bearer((await identity.invitations.create(local.principal, handedOut)).text),
    'join token': bearer((await identity.joinTokens.create(local.principal, handedOut)).text),
    'client secret': bearer(valid.secret),
    empty: { authorization: 'Bearer ' },
  };
}
