import { X509Certificate } from 'node:crypto';
import type { HttpTransport, SocketDialer, TlsTrust } from '@comfleet/comfyui';
import type { WorkerAuth } from '@comfleet/contract';

/** What a proxy in front of a worker requires, and how we verify it. */
export interface WorkerAccess {
  readonly auth: WorkerAuth | null;
  /** Sent with every request and with the opening of the socket. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: { readonly ca: string | null; readonly verify: boolean };
}

/** The same without secrets. */
export interface AccessSummary {
  readonly login: 'basic' | 'bearer' | null;
  readonly headerNames: readonly string[];
  readonly hasOwnCa: boolean;
  readonly verifies: boolean;
}

/** Access of a worker without such settings. */
export const OPEN_ACCESS: WorkerAccess = { auth: null, headers: {}, tls: { ca: null, verify: true } };

/** Splits the login off `https://user:password@host`; null when there is none. Text that is no address stays unchanged. */
export function splitLogin(address: string): { url: string; auth: WorkerAuth | null } {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || (url.username === '' && url.password === '')) return { url: address, auth: null };
  const auth = { username: decode(url.username), password: decode(url.password) };
  url.username = '';
  url.password = '';
  return { url: url.href, auth };
}

/** Decodes percent escapes; text with invalid ones stays unchanged. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function summarizeAccess({ auth, headers, tls }: WorkerAccess): AccessSummary {
  const login = auth === null ? null : 'token' in auth ? 'bearer' : 'basic';
  return {
    login,
    headerNames: Object.keys(headers),
    hasOwnCa: tls.ca !== null,
    verifies: tls.verify,
  };
}

/** Wraps a transport so that requests carry the access. `access` is read for each request, because it may change. */
export function openTransport(transport: HttpTransport, access: () => WorkerAccess): HttpTransport {
  return {
    request: (request) => {
      const { headers, tls } = toWire(access());
      return transport.request({ ...request, headers: { ...request.headers, ...headers }, tls });
    },
  };
}

/** The same for its socket. */
export function openDialer(dialer: SocketDialer, access: () => WorkerAccess): SocketDialer {
  return {
    dial: (url, ownHeaders) => {
      const { headers, tls } = toWire(access());
      return dialer.dial(url, { ...ownHeaders, ...headers }, tls);
    },
  };
}

/** True for PEM that holds a certificate which can be read. */
export function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false; // OpenSSL's reason is less helpful than what was expected
  }
}

function toWire({ auth, headers, tls: { ca, verify } }: WorkerAccess): {
  headers: Record<string, string>;
  tls: TlsTrust;
} {
  return {
    headers: auth === null ? { ...headers } : { ...headers, authorization: writeAuthorization(auth) },
    tls: ca === null ? { verify } : { ca, verify },
  };
}

function writeAuthorization(auth: WorkerAuth): string {
  if ('token' in auth) return `Bearer ${auth.token}`;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}`;
}
