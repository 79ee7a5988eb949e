import { createHmac } from 'node:crypto';
import { type BadInput, writeRequest } from './raw-request.ts';

/** Credentials of other kinds and other states; none may open anything. */
export interface WrongCredentials {
  /** A valid bearer, to be altered. */
  readonly bearer: string;
  readonly clientSecret: string;
  readonly joinToken: string;
  readonly drawnJoinToken: string;
  readonly invitation: string;
  readonly signInCode: string;
  readonly expiredKey: string;
  readonly revokedKey: string;
  readonly endedSession: string;
  readonly rotatedClient: string;
  readonly disabledUser: string;
  readonly password: string;
  /** The key that signs links. */
  readonly signingKey: string;
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const CLAIMS = { sub: 'admin', role: 'admin', exp: 4_102_444_800 };

/** A JSON Web Token with this header, signed with HMAC by any key; `none` has no signature. */
function writeJwt(header: object, key: string | null): string {
  const signed = `${encode(header)}.${encode(CLAIMS)}`;
  const signature = key === null ? '' : createHmac('sha256', key).update(signed).digest('base64url');
  return `${signed}.${signature}`;
}

/** The text with one character replaced by another of the alphabet. */
function alter(text: string, at: number): string {
  const index = at < 0 ? text.length + at : at;
  return `${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`;
}

function listBearers(wrong: WrongCredentials): [name: string, token: string][] {
  const { bearer, signingKey } = wrong;
  return [
    ['unknown, of the right form', `cft_${'a'.repeat(43)}`],
    ['with its first character altered', alter(bearer, 4)],
    ['with its last character altered', alter(bearer, -1)],
    ['cut by one character', bearer.slice(0, -1)],
    ['longer by one character', `${bearer}A`],
    ['in upper case', bearer.toUpperCase()],
    ['with the prefix of a key', bearer.replace('cft_', 'cfk_')],
    ['without its prefix', bearer.slice(4)],
    ['in base64', Buffer.from(bearer).toString('base64')],
    ['with a percent escape', bearer.replace('_', '%5F')],
    ['with a quote and SQL', `${bearer}'or'1'='1`],
    ['with a NUL escape', `${bearer}\\u0000`],
    ['that is a wildcard', 'cft_%'],
    ['that is null', 'null'],
    ['that is undefined', 'undefined'],
    ['that is an object', '{"token":{"$ne":null}}'],
    ['a secret of a client', wrong.clientSecret],
    ['the configured join token', wrong.joinToken],
    ['a join token', wrong.drawnJoinToken],
    ['an invitation', wrong.invitation],
    ['the code of a sign-in link', wrong.signInCode],
    ['a password', wrong.password],
    ['an expired key', wrong.expiredKey],
    ['a revoked key', wrong.revokedKey],
    ['an ended session', wrong.endedSession],
    ['of a client whose secret was rotated', wrong.rotatedClient],
    ['of a disabled user', wrong.disabledUser],
    ['the signing key', signingKey],
    ['a JWT of algorithm none', writeJwt({ alg: 'none', typ: 'JWT' }, null)],
    ['a JWT of algorithm None', writeJwt({ alg: 'None' }, null)],
    ['a JWT with HS256 and the signing key', writeJwt({ alg: 'HS256', typ: 'JWT' }, signingKey)],
    ['a JWT with RS256 in the header', writeJwt({ alg: 'RS256', kid: 'x' }, signingKey)],
    ['a JWT with its own key', writeJwt({ alg: 'HS256', jwk: { kty: 'oct', k: 'QQ' } }, 'A')],
    ['a JWT with jku', writeJwt({ alg: 'RS256', jku: 'http://127.0.0.1:1/keys' }, 'A')],
    ['a JWT with x5u', writeJwt({ alg: 'RS256', x5u: 'http://127.0.0.1:1/cert' }, 'A')],
    ['a JWT with a path as kid', writeJwt({ alg: 'HS256', kid: '../../../../dev/null' }, '')],
    ['a JWT without a signature', writeJwt({ alg: 'HS256' }, null)],
    ['of 200 characters', `cft_${'a'.repeat(196)}`],
    ['of 201 characters', `cft_${'a'.repeat(197)}`],
    ['of 12,000 characters', `cft_${'a'.repeat(12_000)}`],
  ];
}

/** Headers that carry a valid token in a way that is not ours. */
function listHeaders({ bearer, password }: WrongCredentials): [name: string, lines: string[]][] {
  const basic = Buffer.from(`admin:${password}`).toString('base64');
  return [
    ['no authorization', []],
    ['an empty authorization', ['authorization:']],
    ['a token without a scheme', [`authorization: ${bearer}`]],
    ['a scheme without a token', ['authorization: Bearer']],
    ['the scheme Token', [`authorization: Token ${bearer}`]],
    ['the scheme Basic with a password', [`authorization: Basic ${basic}`]],
    ['the scheme Digest', [`authorization: Digest username="admin", response="${bearer}"`]],
    ['two spaces', [`authorization: Bearer  ${bearer}`]],
    ['a tab', [`authorization: Bearer\t${bearer}`]],
    ['a comma after the token', [`authorization: Bearer ${bearer},`]],
    ['two tokens in one header', [`authorization: Bearer ${bearer}, Bearer ${bearer}`]],
    ['a wrong header before a valid one', ['authorization: Bearer x', `authorization: Bearer ${bearer}`]],
    ['a valid header before a wrong one', [`authorization: Bearer ${bearer}`, 'authorization: Bearer x']],
    ['a valid header twice', [`authorization: Bearer ${bearer}`, `Authorization: Bearer ${bearer}`]],
    ['a token in quotes', [`authorization: Bearer "${bearer}"`]],
    ['a token as a cookie', [`cookie: session=${bearer}; token=${bearer}; access_token=${bearer}`]],
    ['a token as an API key header', [`x-api-key: ${bearer}`]],
    ['a token for a proxy', [`proxy-authorization: Bearer ${bearer}`]],
    ['a forwarded user', ['x-forwarded-user: admin', 'x-remote-user: admin', 'remote-user: admin']],
    ['a user of ComfyUI', ['comfy-user: default']],
    ['a form for another method', [`x-http-method-override: GET`]],
  ];
}

const PATHS = ['/api/v2/auth/me', '/api/fleet/workers'] as const;

/** Each wrong credential at a route for everyone who is known; every second one also at a route for admins. */
export function tokenInputs(wrong: WrongCredentials): BadInput[] {
  const bearers = listBearers(wrong).map(([name, token]): [string, string[]] => [
    `a bearer ${name}`,
    [`authorization: Bearer ${token}`],
  ]);
  const [open, admin] = PATHS;
  const all = [...bearers, ...listHeaders(wrong)];
  const at = (path: string, [name, headers]: [string, string[]]): BadInput => ({
    name: `${name} at ${path}`,
    bytes: writeRequest({ path, headers }),
    refusals: ['401 UNAUTHORIZED'],
    operation: `GET ${path}`,
  });
  const inQuery = [`token=${wrong.bearer}`, `access_token=${wrong.bearer}`, `api_key=${wrong.bearer}`];
  return [
    ...all.map((one) => at(open, one)),
    ...all.filter((_one, index) => index % 2 === 0).map((one) => at(admin, one)),
    ...inQuery.map((query) => ({
      name: `a token as ${query.split('=')[0]} in the query`,
      bytes: writeRequest({ path: `${open}?${query}` }),
      refusals: ['401 UNAUTHORIZED'],
      operation: `GET ${open}`,
    })),
    ...joinInputs(wrong),
  ];
}

/** Bearers of clients open no registration of workers. */
function joinInputs({ bearer, clientSecret, invitation }: WrongCredentials): BadInput[] {
  return [bearer, clientSecret, invitation].map((token, index) => ({
    name: `a ${['bearer', 'client secret', 'invitation'][index]} in place of a join token`,
    bytes: writeRequest({
      method: 'POST',
      path: '/api/fleet/register',
      headers: [`authorization: Bearer ${token}`],
      type: 'application/json',
      body: '{"url":"http://127.0.0.1:9"}',
    }),
    refusals: ['401 UNAUTHORIZED', '429 RATE_LIMITED'],
    operation: 'POST /api/fleet/register',
  }));
}
