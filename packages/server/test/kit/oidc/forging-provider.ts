import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CLIENT } from './open-oidc-provider.ts';

type Json = Record<string, unknown>;

/** What is forged; everything else is as a provider should do it. */
export interface Forgery {
  /** Laid over the claims of the ID token; undefined leaves one out. */
  readonly claims?: Json;
  readonly signedBy?: 'own key' | 'another key' | 'nobody' | 'the client secret';
  readonly userInfo?: Json;
  /** Replaces the answer of the token endpoint. */
  readonly token?: (response: ServerResponse) => void;
  readonly metadata?: Json;
}

const PROVIDER_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OTHER_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A provider on loopback that can be made to lie. Its accounts all are `mallory`. */
export async function openForgingProvider() {
  const state = { forgery: {} as Forgery, nonce: '', requests: [] as string[] };
  let issuer = '';
  const server = createServer((request, response) => {
    state.requests.push(`${request.method} ${request.url}`);
    answer(request, response, { ...state, issuer });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    state,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

type State = { forgery: Forgery; nonce: string; issuer: string };

function answer(request: IncomingMessage, response: ServerResponse, state: State): void {
  const { forgery } = state;
  if (request.url === '/token' && forgery.token) {
    forgery.token(response);
    return;
  }
  const body = bodyOf(request.url, state);
  if (body === null) response.writeHead(404).end();
  else sendJson(response, body);
}

function bodyOf(path: string | undefined, state: State): Json | null {
  const { forgery, issuer } = state;
  const jwk = PROVIDER_KEY.publicKey.export({ format: 'jwk' });
  switch (path) {
    case '/.well-known/openid-configuration':
      return { ...metadataOf(issuer), ...forgery.metadata };
    case '/jwks':
      return { keys: [{ ...jwk, kid: 'one', alg: 'RS256', use: 'sig' }] };
    case '/me':
      return { sub: 'mallory', groups: ['artists'], ...forgery.userInfo };
    case '/token':
      return { access_token: 'CANARY-access-token', token_type: 'Bearer', id_token: createIdToken(state) };
    default:
      return null;
  }
}

function metadataOf(issuer: string): Json {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/me`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
  };
}

function createIdToken({ forgery, nonce, issuer }: State): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    sub: 'mallory',
    aud: CLIENT.id,
    exp: nowSeconds + 300,
    iat: nowSeconds,
    nonce,
    preferred_username: 'mallory',
    ...forgery.claims,
  };
  switch (forgery.signedBy ?? 'own key') {
    case 'own key':
      return signRsa(claims, PROVIDER_KEY.privateKey);
    case 'another key':
      return signRsa(claims, OTHER_KEY.privateKey);
    case 'nobody':
      return `${encode({ alg: 'none' })}.${encode(claims)}.`;
    case 'the client secret': {
      const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
      return `${text}.${createHmac('sha256', CLIENT.secret).update(text).digest('base64url')}`;
    }
  }
}

function signRsa(claims: Json, key: KeyObject): string {
  const text = `${encode({ alg: 'RS256', kid: 'one' })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function encode(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function sendJson(response: ServerResponse, body: Json, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
