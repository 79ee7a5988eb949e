import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT, openOidcProvider } from './kit/oidc/open-oidc-provider.ts';
import { ProviderVisitor } from './kit/oidc/provider-visitor.ts';
import { openTestServer, type TestServer } from './kit/test-server.ts';

const START = '/api/v2/auth/oidc/sign-in';
const REDIRECT_URI = 'http://localhost/api/v2/auth/oidc/callback';

let provider: Awaited<ReturnType<typeof openOidcProvider>>;
let server: TestServer;
beforeAll(async () => {
  provider = await openOidcProvider({ redirectUri: REDIRECT_URI });
  server = await openTestServer({
    config: `
auth:
  oidc:
    issuer: ${provider.issuer}
    client_id: ${CLIENT.id}
    client_secret: ${CLIENT.secret}
    name: Company account
    roles:
      - { claim: groups, value: comfyui-admins, role: admin }
      - { claim: groups, value: artists, role: member }
`,
  });
});
afterAll(async () => {
  await server.close();
  provider.end();
  await provider.close();
});

test('AU9 a user of the provider signs in, with the role of its claims, and returns to what was open', async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const start = await server.app.inject({ url: `${START}?return_to=/client/?picture=1` });
  expect(start.statusCode).toBe(303);
  const back = await new ProviderVisitor().signIn(start.headers.location ?? '', 'ada');
  const [cookie = ''] = String(start.headers['set-cookie']).split(';');
  const end = await server.app.inject({ url: back.slice('http://localhost'.length), headers: { cookie } });
  expect(end.headers.location).toMatch(/^\/client\/\?picture=1#code=cfc_/);
  const code = (end.headers.location ?? '').split('#code=')[1];
  const token = await server.app.inject({ method: 'POST', url: '/api/v2/auth/exchange', payload: { code } });
  const headers = { authorization: `Bearer ${token.json().access_token}` };
  const me = await server.app.inject({ url: '/api/v2/auth/me', headers });
  expect(me.json()).toMatchObject({ kind: 'user', name: 'ada', role: 'member' });
});
