import { BlockList } from 'node:net';

/** No ComfyUI is here: metadata services of clouds, which give credentials to whoever can ask, multicast and broadcast. */
const RESERVED = new BlockList();
RESERVED.addSubnet('169.254.0.0', 16);
RESERVED.addAddress('100.100.100.200');
RESERVED.addSubnet('224.0.0.0', 3);
RESERVED.addAddress('fd00:ec2::254', 'ipv6');
RESERVED.addSubnet('ff00::', 8, 'ipv6');

const NAMES = new Set(['metadata.google.internal', 'metadata', 'instance-data']);

/** True if the host of this URL is an address or a name where no worker can be. Names are not resolved. */
export function isReservedAddress(url: string): boolean {
  const { hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (NAMES.has(host)) return true;
  return RESERVED.check(host, host.includes(':') ? 'ipv6' : 'ipv4');
}
