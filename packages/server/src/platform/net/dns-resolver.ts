import { Resolver } from 'node:dns/promises';

const TIMEOUT_MS = 3000;
const TRIES = 2;

/** Asks the system's DNS servers, or those given (`127.0.0.1:5353`). Names of the hosts file are not known to it. */
export function createDnsResolver(servers?: readonly string[]): Resolver {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers) resolver.setServers(servers);
  return resolver;
}
