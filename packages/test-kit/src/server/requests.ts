/** The body of a response; the tests state what it must be. */
export type Json = Record<string, ReturnType<typeof JSON.parse>>;

export interface ReceivedResponse {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** The JSON body; empty for other bodies. */
  json: Json;
}

export interface Parts {
  /** Sent verbatim if it is text or a form; anything else becomes JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** Where a request is sent, and with whose bearer token (null: none). */
export interface Caller {
  url: string;
  token: string | null;
}

/** A registered client, signed in. */
export interface Client {
  id: string;
  secret: string;
  token: string;
}

/** Sends `METHOD path`; resolves with the head of the response. */
export function sendRequest({ url, token }: Caller, request: string, parts: Parts = {}): Promise<Response> {
  const [method = '', path = ''] = request.split(' ');
  const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...parts.headers };
  return fetch(url + path, { method, ...toInit(parts.body, headers) });
}

/** Reads a response to its end. */
export async function readResponse(response: Response): Promise<ReceivedResponse> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  const isJson = response.headers.get('content-type')?.startsWith('application/json') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    json: isJson ? JSON.parse(text) : {},
  };
}

/** Sends a JSON body and returns that of the response; throws unless the response has this status. */
export async function demand(
  caller: Caller,
  request: string,
  { status = 200, body }: { status?: number; body?: unknown } = {},
): Promise<Json> {
  const response = await readResponse(await sendRequest(caller, request, { body }));
  if (response.status !== status) throw new Error(`${request} answered ${response.status}: ${response.text}`);
  return response.json;
}

/** Registers a client, grants it rights as this admin and signs it in. */
export async function registerClient(
  admin: Caller,
  name: string,
  grants: readonly string[],
): Promise<Client> {
  const names = { client_name: name };
  const client = await demand(admin, 'POST /api/v2/auth/register', { status: 201, body: names });
  const { client_id: id, client_secret: secret } = client;
  await demand(admin, `POST /api/v2/admin/clients/${id}/grants`, { body: { grants } });
  const body = { client_id: id, client_secret: secret };
  const signedIn = await demand({ url: admin.url, token: null }, 'POST /api/v2/auth/token', { body });
  return { id, secret, token: signedIn.access_token };
}

function toInit(body: unknown, headers: Record<string, string>) {
  if (body === undefined) return { headers };
  if (body instanceof FormData) return { body, headers };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { body: text, headers: { 'content-type': 'application/json', ...headers } };
}
