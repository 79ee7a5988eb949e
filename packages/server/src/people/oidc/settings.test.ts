import { expect, test } from 'vitest';
import { Findings } from '../../platform/config/settings.ts';
import { checkOidc, compileOidc, oidcSchema, readOidcSecret } from './settings.ts';

const least = { issuer: 'https://id.example.com', client_id: 'comfleet' };
const rule = { claim: 'groups', value: 'artists', role: 'member' };

function find(block: object): string[] {
  const findings = new Findings();
  checkOidc(oidcSchema.parse({ ...least, roles: [rule], ...block }), findings);
  return [
    ...findings.problems.map(({ path, text }) => `${path} ${text.code}`),
    ...findings.warnings.map(({ path, text }) => `warning ${path} ${text.code}`),
  ];
}

test.each<[string, object, string[]]>([
  ['https', {}, []],
  ['http on loopback', { issuer: 'http://127.0.0.1:9000/realm' }, []],
  ['http elsewhere', { issuer: 'http://id.example.com' }, ['auth.oidc.issuer config.oidc_https']],
  [
    'a login in the issuer',
    { issuer: 'https://a:b@id.example.com' },
    ['auth.oidc.issuer config.oidc_issuer'],
  ],
  [
    'a query in the issuer',
    { issuer: 'https://id.example.com/?a=1' },
    ['auth.oidc.issuer config.oidc_issuer'],
  ],
  ['scopes without openid', { scopes: ['email'] }, ['auth.oidc.scopes config.oidc_scope']],
  ['no rules', { roles: [] }, ['warning auth.oidc.roles config.oidc_nobody']],
  ['everybody an admin', { default_role: 'admin' }, ['warning auth.oidc.default_role config.oidc_everybody']],
])('%s', (_title, block, expected) => {
  expect(find(block)).toEqual(expected);
});

test('the client secret comes from the text, the environment or a file, or is missing', async () => {
  const read = (client_secret?: unknown) =>
    readOidcSecret(compileOidc(oidcSchema.parse({ ...least, client_secret })), {
      environment: { OIDC: 'from the environment' },
      read: async (file) => `from ${file}\n`,
      refuse: (path, { code }) => new Error(`${path} ${code}`),
    }).then((settings) => settings?.clientSecret);
  expect(await read('text')).toBe('text');
  expect(await read({ env: 'OIDC' })).toBe('from the environment');
  expect(await read({ file: '/run/secret' })).toBe('from /run/secret');
  expect(await read()).toBeNull();
  await expect(read({ env: 'UNSET' })).rejects.toThrow('auth.oidc.client_secret config.unset_variable');
});
