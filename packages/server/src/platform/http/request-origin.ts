import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** What these functions read of a request; forwarded values are those of a trusted proxy. */
type Seen = Pick<FastifyRequest, 'ip' | 'host' | 'protocol' | 'method' | 'headers' | 'socket'>;

/** The client's IP address: as a trusted proxy forwards it, else, or if that is malformed, the connection's; '' if it is closed. */
export function clientAddressOf({ ip, socket }: Pick<Seen, 'ip' | 'socket'>): string {
  return toAddress(ip ?? '') ?? toAddress(socket.remoteAddress ?? '') ?? '';
}

/** The scheme of the client's request, `https` also for a secure WebSocket. */
export function schemeOf({ protocol }: Pick<Seen, 'protocol'>): 'http' | 'https' {
  return /^(https|wss)$/i.test(protocol) ? 'https' : 'http';
}

/** The address of this server as the client knows it, without a path. The host was checked by the host guard. */
export function serverAddressOf(request: Pick<Seen, 'protocol' | 'host'>): string {
  return `${schemeOf(request)}://${request.host}`;
}

/** Returns false for a request that a browser sends from a page of another origin, or that changes something for one. */
export function isOwnOrigin(request: Omit<Seen, 'ip' | 'socket'>): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin === undefined)
    return site === undefined || site === 'same-origin' || site === 'none' || isSafe(request.method);
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  // The scheme may be another where a proxy with TLS is not named in trusted_proxies.
  return host === request.host && (schemeOf(request) === 'http' || protocol === 'https:');
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** An IP address without port, brackets and zone, IPv4 also where it is written as IPv6; null for anything else. */
function toAddress(text: string): string | null {
  const [, bracketed, withPort] = /^\[(.+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text) ?? [];
  const [address = ''] = (bracketed ?? withPort ?? text).toLowerCase().split('%');
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/, '');
  return isIP(plain) === 0 ? null : plain;
}
