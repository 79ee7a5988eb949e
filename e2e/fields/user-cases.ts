import { expect } from 'vitest';
import type { Cases, Proof, Stage } from './stage.ts';

const PASSWORD = 'correct horse battery';
let made = 0;

/** Adds a user with a name of its own and this password. */
async function addUser(stage: Stage, role = 'member'): Promise<{ id: string; username: string }> {
  made += 1;
  const body = { username: `user-${made}`, role, password: PASSWORD };
  const { user_id: id, username } = await stage.get('POST /api/v2/admin/users', body);
  return { id, username };
}

const signIn = (stage: Stage, username: string, password = PASSWORD) =>
  stage.ask('POST /api/v2/auth/sign-in', { username, password });

/** The name and the password decide together. */
const credentials =
  (path: string): Proof =>
  async (stage) => {
    const { username } = await addUser(stage);
    const body = { username, password: PASSWORD };
    expect((await stage.get(`POST ${path}`, body)).user.username).toBe(username);
    for (const wrong of [
      { ...body, username: `${username}x` },
      { ...body, password: `${PASSWORD}x` },
    ])
      await stage.refuses(`POST ${path}`, { status: 401, names: 'UNAUTHORIZED', body: wrong });
  };

const signInCases = (path: string): Readonly<Record<string, Proof>> => ({
  'body.username': credentials(path),
  'body.password': credentials(path),
});

const CHANGE_PASSWORD: Proof = async (stage) => {
  const { username } = await addUser(stage);
  const { access_token: token } = await stage.get('POST /admin/auth/login', { username, password: PASSWORD });
  const change = async (body: object) =>
    (await stage.ask('POST /api/v2/auth/password', body, { token })).status;
  const next = 'staple battery horse';
  expect(await change({ current_password: 'wrong one', new_password: next })).toBe(401);
  expect(await change({ current_password: PASSWORD, new_password: next })).toBe(204);
  expect([(await signIn(stage, username)).status, (await signIn(stage, username, next)).status]).toEqual([
    401, 200,
  ]);
};

/** The issuer and the subject together are one account, which one user has. */
const ACCOUNT: Proof = async (stage) => {
  const link = async (oidc: object) =>
    (await stage.ask(`PATCH /api/v2/admin/users/${(await addUser(stage)).id}`, { oidc })).status;
  made += 1;
  const oidc = { issuer: 'https://id.example.com', subject: `twice-${made}` };
  expect([
    await link(oidc),
    await link(oidc),
    await link({ ...oidc, issuer: 'https://other.example.com' }),
    await link({ ...oidc, subject: `${oidc.subject}x` }),
  ]).toEqual([200, 409, 200, 200]);
};

/** Users, their passwords and roles. */
export const userCases: Cases = {
  'POST /api/v2/auth/sign-in': signInCases('/api/v2/auth/sign-in'),
  'POST /admin/auth/login': signInCases('/admin/auth/login'),
  'POST /api/v2/auth/password': {
    'body.current_password': CHANGE_PASSWORD,
    'body.new_password': CHANGE_PASSWORD,
  },
  'POST /api/v2/admin/users': {
    'body.username': async (stage) => {
      const { username } = await addUser(stage);
      const { users } = await stage.get('GET /api/v2/admin/users');
      expect(users).toContainEqual(expect.objectContaining({ username }));
    },
    'body.role': async (stage) => {
      const { username } = await addUser(stage, 'viewer');
      const { user } = await stage.get('POST /admin/auth/login', { username, password: PASSWORD });
      expect(user.role).toBe('viewer');
    },
    'body.password': async (stage) => {
      const { username } = await addUser(stage);
      expect((await signIn(stage, username)).status).toBe(200);
      const body = { username: 'weak', password: 'password1' };
      await stage.refuses('POST /api/v2/admin/users', { status: 422, names: 'PASSWORD_REFUSED', body });
    },
  },
  'PATCH /api/v2/admin/users/{id}': {
    'body.role': async (stage) => {
      const { id } = await addUser(stage);
      expect((await stage.get(`PATCH /api/v2/admin/users/${id}`, { role: 'operator' })).role).toBe(
        'operator',
      );
    },
    'body.disabled': async (stage) => {
      const { id, username } = await addUser(stage);
      await stage.get(`PATCH /api/v2/admin/users/${id}`, { disabled: true });
      const refused = (await signIn(stage, username)).status;
      await stage.get(`PATCH /api/v2/admin/users/${id}`, { disabled: false });
      expect([refused, (await signIn(stage, username)).status]).toEqual([401, 200]);
    },
    'body.oidc': async (stage) => {
      const { id, username } = await addUser(stage);
      const oidc = { issuer: 'https://id.example.com', subject: `s-${id}` };
      expect((await stage.get(`PATCH /api/v2/admin/users/${id}`, { oidc })).oidc).toEqual(oidc);
      expect((await signIn(stage, username)).status).toBe(401);
      expect((await stage.get(`PATCH /api/v2/admin/users/${id}`, { oidc: null })).oidc).toBeNull();
    },
    'body.oidc.issuer': ACCOUNT,
    'body.oidc.subject': ACCOUNT,
  },
  'POST /api/v2/admin/users/{id}/reset': {
    'body.password': async (stage) => {
      const { id, username } = await addUser(stage);
      const next = 'staple battery horse';
      await stage.get(`POST /api/v2/admin/users/${id}/reset`, { password: next });
      expect((await signIn(stage, username, next)).status).toBe(200);
    },
  },
};
