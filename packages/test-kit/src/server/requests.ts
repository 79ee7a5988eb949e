/** What an answer says; the tests state what it must be. */
export type Json = Record<string, ReturnType<typeof JSON.parse>>;

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** The JSON body; empty for other bodies. */
  json: Json;
}

export interface Parts {
  /** Sent as it stands when it is text or a form; anything else becomes JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** Where a request goes, and whose bearer it carries (null: none). */
export interface Caller {
  url: string;
  token: string | null;
}

/** Sends `METHOD path`; answers once the head of the answer is here. */
export function sendRequest({ url, token }: Caller, request: string, parts: Parts = {}): Promise<Response> {
  const [method = '', path = ''] = request.split(' ');
  const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...parts.headers };
  return fetch(url + path, { method, ...toInit(parts.body, headers) });
}

/** Reads an answer to its end. */
export async function readAnswer(answer: Response): Promise<Answer> {
  const bytes = Buffer.from(await answer.arrayBuffer());
  const text = bytes.toString('utf8');
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') && text !== '';
  return {
    status: answer.status,
    headers: answer.headers,
    bytes,
    text,
    json: isJson ? JSON.parse(text) : {},
  };
}

function toInit(body: unknown, headers: Record<string, string>) {
  if (body === undefined) return { headers };
  if (body instanceof FormData) return { body, headers };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { body: text, headers: { 'content-type': 'application/json', ...headers } };
}
