import { expect } from 'vitest';
import type { Cases, Proof, Stage } from './stage.ts';

type Made = { name: string };

/** The name is listed, and the token expires after as many seconds as were given. */
const namedToken = (path: string): Readonly<Record<string, Proof>> => {
  const make = (stage: Stage, body: object) => stage.get(`POST ${path}`, body);
  return {
    'body.name': async (stage) => {
      expect((await make(stage, { name: 'called so' })).name).toBe('called so');
    },
    'body.expires_in': async (stage) => {
      const made = await make(stage, { name: 'short', expires_in: 60 });
      expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(60_000);
    },
  };
};

/** Keys, invitations and join tokens. */
export const tokenCases: Cases = {
  'POST /api/v2/auth/keys': {
    ...namedToken('/api/v2/auth/keys'),
    'body.scopes': async (stage) => {
      const { key } = await stage.get('POST /api/v2/auth/keys', { name: 'scoped', scopes: ['fleet.see'] });
      const ask = async (path: string) => (await stage.ask(`GET ${path}`, undefined, { token: key })).status;
      expect([await ask('/api/fleet/stats'), await ask('/api/v2/admin/clients')]).toEqual([200, 403]);
    },
  },
  'GET /api/v2/auth/keys': {
    'query.owner': async (stage) => {
      const { token } = await stage.server.register('has-a-key');
      await stage.ask('POST /api/v2/auth/keys', { name: 'of a client' }, { token });
      const list = async (owner: string) => {
        const { keys } = await stage.get(`GET /api/v2/auth/keys?owner=${owner}`);
        return keys.some(({ name }: Made) => name === 'of a client');
      };
      expect([await list('own'), await list('all')]).toEqual([false, true]);
    },
  },
  'POST /api/v2/admin/invitations': namedToken('/api/v2/admin/invitations'),
  'POST /api/v2/admin/join-tokens': namedToken('/api/v2/admin/join-tokens'),
};
