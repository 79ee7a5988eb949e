import type { ApiKey, CreatedKey, ListedSession, NamedToken } from '@comfleet/contract';
import { expect, it } from 'vitest';
import { parse, useFleet } from './use-fleet.ts';

const fleet = useFleet();

it('CL12 adds a key that works within its scopes, lists it without its text, and revokes it', async () => {
  const made = parse<CreatedKey>(
    (await fleet.run('keys', 'add', 'dashboard', '--scope', 'fleet.see', '--expires', '90d', '--json')).out,
  );
  expect(Date.parse(made.expires_at ?? '') - Date.parse(made.created_at)).toBe(90 * 86_400_000);
  expect((await fleet.run('fleet', 'stats', '--token', made.key)).status).toBe(0);
  expect((await fleet.run('clients', 'list', '--token', made.key)).status).toBe(4);
  expect((await fleet.run('keys', 'add', 'other', '--token', made.key)).err.join()).toContain('api_key');

  const listed = await fleet.run('keys', 'list', '--json');
  expect(listed.out.join()).not.toContain(made.key.slice(4));
  expect(parse<{ keys: ApiKey[] }>(listed.out).keys).toMatchObject([
    { name: 'dashboard', scopes: ['fleet.see'] },
  ]);
  expect((await fleet.run('keys', 'revoke', 'dashboard')).out).toEqual(['dashboard has been revoked.']);
  expect((await fleet.run('fleet', 'stats', '--token', made.key)).status).toBe(4);
  expect((await fleet.run('keys', 'revoke', 'dashboard')).status).toBe(5);
});

it('CL12 lists sessions and ends one', async () => {
  const { client_id, client_secret } = parse<{ client_id: string; client_secret: string }>(
    (await fleet.run('clients', 'register', 'robot', '--json')).out,
  );
  const answer = await fetch(`${fleet.credential.url}/api/v2/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id, client_secret }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const { sessions } = parse<{ sessions: ListedSession[] }>(
    (await fleet.run('sessions', 'list', '--json', '--token', token)).out,
  );
  expect(sessions).toMatchObject([{ kind: 'program', current: true, address: '127.0.0.1' }]);
  const id = sessions[0]?.session_id ?? '';
  expect((await fleet.run('sessions', 'end', id)).status).toBe(5);
  expect((await fleet.run('sessions', 'end', id, '--token', token)).out).toEqual([
    `Session ${id} has ended.`,
  ]);
  expect((await fleet.run('sessions', 'list', '--token', token)).status).toBe(4);
});

it('CL12 rotates a client, and tells its new secret once', async () => {
  const before = (await fleet.run('clients', 'register', 'studio')).out;
  const after = (await fleet.run('clients', 'rotate', 'studio')).out;
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toMatch(/^client_secret cfs_/);
  expect(after[1]).not.toBe(before[1]);
});

it('CL12 hands out invitations and join tokens, and takes them back by name', async () => {
  const [shown = ''] = (await fleet.run('clients', 'invite', 'guest')).out;
  expect(shown).toMatch(/^cfi_/);
  expect((await fleet.run('clients', 'invitations')).out[1]).toContain('guest');
  expect((await fleet.run('clients', 'revoke-invitation', 'guest')).status).toBe(0);
  expect((await fleet.run('clients', 'invitations')).out).toHaveLength(1);

  expect((await fleet.run('join-tokens', 'add', 'rack 1')).out[0]).toMatch(/^cfj_/);
  const { join_tokens: tokens } = parse<{ join_tokens: NamedToken[] }>(
    (await fleet.run('join-tokens', 'list', '--json')).out,
  );
  expect(tokens).toMatchObject([{ name: 'rack 1', expires_at: null, last_used_at: null }]);
  expect((await fleet.run('join-tokens', 'revoke', 'rack 1')).status).toBe(0);
});
