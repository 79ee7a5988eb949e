import { isLoopbackHost } from '../config/sample-secret.ts';

/** Host names that this server accepts, so that a page of another name cannot reach it by DNS rebinding. */
export interface HostRules {
  listenHost: string;
  publicUrl: string | null;
  allowedHosts: readonly string[];
}

/** Creates the check whether a Host header is ours. `localAddress` is the address that the connection came in on. */
export function createHostGuard(
  rules: HostRules,
): (host: string | undefined, localAddress: string | undefined) => boolean {
  const names = new Set(rules.allowedHosts.map(toName));
  names.add(toName(rules.listenHost));
  if (rules.publicUrl !== null) names.add(toName(new URL(rules.publicUrl).hostname));
  return (host, localAddress) => {
    // A name with a port that is none would break the links made of it.
    if (host === undefined || !URL.canParse(`http://${host}`)) return false;
    const name = toName(host);
    if (isLoopbackHost(name) || names.has(name)) return true;
    return localAddress !== undefined && name === toName(localAddress.replace(/^::ffff:/, ''));
  };
}

/** Lower case, without port and brackets. */
function toName(host: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(host);
  if (bracketed?.[1] !== undefined) return bracketed[1].toLowerCase();
  const isBareIpv6 = host.split(':').length > 2;
  return (isBareIpv6 ? host : host.replace(/:\d+$/, '')).toLowerCase();
}
