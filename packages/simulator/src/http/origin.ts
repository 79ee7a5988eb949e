import type { IncomingHttpHeaders } from 'node:http';
import type { CompiledOptions } from '../options.ts';
import { isSince } from '../profile.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[?::1\]?|localhost)$/i;

/** True if a request is admitted. `--enable-cors-header` replaces all checks; since 0.19.0 cross-site requests are refused. */
export function isAdmitted(headers: IncomingHttpHeaders, { corsOrigin, version }: CompiledOptions): boolean {
  if (corsOrigin !== undefined) return true;
  if (isSince(version, '0.33') && headers['sec-fetch-site'] === 'cross-site') return false;
  return isOriginAllowed(headers);
}

/**
 * ComfyUI's origin check: with a loopback Host, the Origin's host (and port, if both have one) must be the
 * same. `null` from browsers and other unparsable origins pass.
 */
function isOriginAllowed(headers: IncomingHttpHeaders): boolean {
  const { host, origin } = headers;
  if (host === undefined || origin === undefined || origin === 'null') return true;
  const own = splitHost(host);
  if (!LOOPBACK.test(own.name)) return true;
  const other = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(origin)?.[1];
  if (other === undefined || other === '') return true;
  const theirs = splitHost(other);
  if (own.name.toLowerCase() !== theirs.name.toLowerCase()) return false;
  return own.port === '' || theirs.port === '' || own.port === theirs.port;
}

function splitHost(text: string): { name: string; port: string } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text);
  return { name: match?.[1] ?? text, port: match?.[2] ?? '' };
}
