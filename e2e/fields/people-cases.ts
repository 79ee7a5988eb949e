import type { Client } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { picture } from '../support/graphs.ts';
import type { Cases, Proof, Stage } from './stage.ts';

const CREDENTIALS: Proof = async (stage) => {
  const { id, secret } = await stage.server.register('signs-in');
  const body = { client_id: id, client_secret: secret };
  expect((await stage.get('POST /api/v2/auth/token', body)).token_type).toBe('bearer');
  for (const wrong of [
    { ...body, client_id: '01900000-0000-7000-8000-000000000001' },
    { ...body, client_secret: `${secret}x` },
  ])
    await stage.refuses('POST /api/v2/auth/token', { status: 401, names: 'UNAUTHORIZED', body: wrong });
};

/** A token of a client, as a browser gets it by signing in. */
async function signIn(stage: Stage, { id, secret }: Client, browser: boolean): Promise<string> {
  const body = { client_id: id, client_secret: secret, browser };
  return (await stage.get('POST /api/v2/auth/token', body)).access_token;
}

const signOut = (stage: Stage, token: string, everywhere = false) =>
  stage.ask('POST /api/v2/auth/sign-out', { everywhere }, { token });

const isGood = async (stage: Stage, token: string) =>
  (await stage.ask('GET /api/v2/auth/me', undefined, { token })).status === 200;

/** Clients and tokens, and the parameters of named workflows. */
export const peopleCases: Cases = {
  'POST /api/v2/auth/register': {
    'body.client_name': async (stage) => {
      const made = await stage.get('POST /api/v2/auth/register', { client_name: 'a client' });
      expect(made.client_name).toBe('a client');
    },
    'body.description': async (stage) => {
      await stage.get('POST /api/v2/auth/register', { client_name: 'described', description: 'words' });
      const { clients } = await stage.get('GET /api/v2/admin/clients');
      expect(clients).toContainEqual(
        expect.objectContaining({ client_name: 'described', description: 'words' }),
      );
    },
    'body.invitation': async (stage) => {
      const body = { client_name: 'invited', invitation: 'x'.repeat(201) };
      await stage.refuses('POST /api/v2/auth/register', { status: 400, names: 'invitation', body });
    },
  },
  'POST /api/v2/auth/token': {
    'body.client_id': CREDENTIALS,
    'body.client_secret': CREDENTIALS,
    'body.browser': async (stage) => {
      const client = await stage.server.register('browses');
      // Signing out revokes a browser's token but not that of a program.
      const tokens = [await signIn(stage, client, true), await signIn(stage, client, false)];
      for (const token of tokens) await signOut(stage, token);
      expect(await Promise.all(tokens.map((token) => isGood(stage, token)))).toEqual([false, true]);
    },
  },
  'POST /api/v2/auth/sign-out': {
    'body.everywhere': async (stage) => {
      const client = await stage.server.register('two-browsers');
      const sign = () => signIn(stage, client, true);
      const [first, second, third] = [await sign(), await sign(), await sign()];
      await signOut(stage, first);
      const after = await isGood(stage, second);
      await signOut(stage, second, true);
      expect([after, await isGood(stage, third)]).toEqual([true, false]);
    },
  },
  'POST /api/v2/auth/exchange': {
    'body.code': async (stage) => {
      const link = stage.server.lines.find((line) => line.includes('/client#code=')) ?? '';
      const code = link.split('#code=')[1] ?? '';
      const { access_token: token } = await stage.get('POST /api/v2/auth/exchange', { code });
      expect((await stage.ask('GET /api/v2/auth/me', undefined, { token })).status).toBe(200);
      const wrong = { code: `${code}x` };
      await stage.refuses('POST /api/v2/auth/exchange', { status: 401, names: 'UNAUTHORIZED', body: wrong });
    },
  },
  'POST /api/v2/admin/clients/{id}/grants': {
    'body.grants': async (stage) => {
      const { id, token } = await stage.server.register('granted');
      const grant = (grants: string[]) => stage.get(`POST /api/v2/admin/clients/${id}/grants`, { grants });
      const submit = async () =>
        (await stage.ask('POST /api/v2/tasks', { graph: picture() }, { token })).status;
      const before = await submit();
      await grant(['raw_graph']);
      const granted = await submit();
      await grant([]);
      expect([before, granted, await submit()]).toEqual([403, 201, 403]);
    },
  },
  'POST /api/v2/workflows/{name}/validate': {
    'body.parameters': async (stage) => {
      const validate = (parameters: object) =>
        stage.get('POST /api/v2/workflows/plain_text_to_image/validate', { parameters });
      expect((await validate({ width: 96 })).processed.width).toBe(96);
      expect((await validate({ widht: 96 })).errors).toMatchObject([{ parameter: 'widht' }]);
    },
  },
};
