import type { TestServer } from '../test-server.ts';
import { ProviderVisitor } from './provider-visitor.ts';

export const START = '/api/v2/auth/oidc/sign-in';
export const ORIGIN = 'http://localhost';
export const REDIRECT_URI = `${ORIGIN}/api/v2/auth/oidc/callback`;

/** A sign-in that was sent to the provider. */
export interface Begun {
  /** Address at the provider. */
  readonly address: string;
  readonly cookie: string;
  readonly state: string;
  readonly nonce: string;
}

/** Begins a sign-in as a browser does. */
export async function begin({ app }: TestServer, returnTo?: string): Promise<Begun> {
  const url = returnTo === undefined ? START : `${START}?return_to=${encodeURIComponent(returnTo)}`;
  const { headers } = await app.inject({ url });
  const address = headers.location ?? '';
  const { searchParams } = new URL(address, ORIGIN);
  const [cookie = ''] = String(headers['set-cookie']).split(';');
  return { address, cookie, state: searchParams.get('state') ?? '', nonce: searchParams.get('nonce') ?? '' };
}

/** Brings the provider's response to the server; returns where it sends the browser, and its cookie. */
export async function finish({ app }: TestServer, back: string, cookie: string) {
  const { pathname, search } = new URL(back, ORIGIN);
  const { headers } = await app.inject({ url: pathname + search, headers: { cookie } });
  const location = headers.location ?? '';
  return {
    location,
    error: /#sign_in_error=(\w+)$/.exec(location)?.[1] ?? null,
    code: /#code=(\S+)$/.exec(location)?.[1] ?? null,
    setCookie: String(headers['set-cookie']),
  };
}

/** Signs in at a real provider by a name, and on the server; `token` is null if the server refuses. */
export async function signInBy(server: TestServer, login: string) {
  const begun = await begin(server);
  const back = await new ProviderVisitor().signIn(begun.address, login);
  const end = await finish(server, back, begun.cookie);
  return { ...end, back, begun, token: end.code === null ? null : await exchange(server, end.code) };
}

/** The bearer token for the code that the page got. */
export async function exchange({ app }: TestServer, code: string): Promise<string> {
  const response = await app.inject({ method: 'POST', url: '/api/v2/auth/exchange', payload: { code } });
  return response.json().access_token;
}

/** What a token stands for; the error code if it is refused. */
export async function whoIs({ app }: TestServer, token: string | null) {
  const headers = { authorization: `Bearer ${token}` };
  const body = (await app.inject({ url: '/api/v2/auth/me', headers })).json();
  return body.error === undefined ? { name: body.name, role: body.role } : body.error.code;
}
