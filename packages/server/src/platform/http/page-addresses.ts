import type { NetworkInterfaceInfo } from 'node:os';
import { isLoopbackHost } from '../config/sample-secret.ts';
import type { ServerSettings } from './settings.ts';

const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];
/** A machine with many containers has an address for each; nobody reads them all. */
const MAX_OTHERS = 3;

/**
 * The addresses of the pages for browsers: `public_url` if set, else `address`, which the client used or the server bound. If
 * that is a loopback address and the server listens on all addresses, the machine's others follow, for other machines.
 */
export function listPageAddresses(
  { publicUrl, host }: Pick<ServerSettings, 'publicUrl' | 'host'>,
  address: string,
  interfaces: Readonly<Record<string, NetworkInterfaceInfo[] | undefined>>,
): string[] {
  if (publicUrl !== null) return [publicUrl];
  const { hostname, port, protocol } = new URL(address);
  if (!EVERY_ADDRESS.includes(host) || !isLoopbackHost(hostname)) return [address];
  const others = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter((info) => !info.internal && isReachable(info, host))
    .map(
      ({ address: ip }) =>
        `${protocol}//${ip.includes(':') ? `[${ip}]` : ip}${port === '' ? '' : `:${port}`}`,
    );
  return [address, ...others.slice(0, MAX_OTHERS)];
}

/** IPv6 only for a server that listens on it; addresses of one link alone need the name of an interface. */
function isReachable(info: NetworkInterfaceInfo, host: string): boolean {
  return info.family === 'IPv4' || (host === '::' && info.scopeid === 0);
}

/** Returns the first of the addresses that other machines reach without TLS; null if there is none. */
export function findPlainAddress(addresses: readonly string[]): string | null {
  return (
    addresses.find((address) => {
      const { protocol, hostname } = new URL(address);
      return protocol === 'http:' && !isLoopbackHost(hostname);
    }) ?? null
  );
}

/** The link of a one-time code; as a fragment, so that no server, proxy or log sees it. */
export function toSignInLink(address: string, code: string): string {
  return `${address}/client#code=${code}`;
}
