import { plainText } from '@comfleet/contract';
import { DEFINITION_TEXTS, type DefinitionText } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import { HOST, port, seconds } from '../../../platform/config/fields.ts';
import { isSampleSecret, isWeakSecret } from '../../../platform/config/sample-secret.ts';
import type { Findings } from '../../../platform/config/settings.ts';
import { compileFields, type WorkerFields, workerFields } from '../settings.ts';

const dnsSchema = z.strictObject({
  name: z.string().regex(HOST, DEFINITION_TEXTS.en['config.dns_name']).describe('The name to resolve.'),
  type: z
    .enum(['SRV', 'A', 'AAAA'])
    .default('A')
    .describe('SRV gives hosts and ports, and its priority the group; A and AAAA give addresses.'),
  port: port().default(8188).describe('Port of every ComfyUI; not used for SRV.'),
  ...workerFields,
});

/** In the `nodes` block: how workers join by themselves. */
export const discoverySettings = {
  discovery_mode: z
    .enum(['static', 'dynamic', 'hybrid'])
    .default('static')
    .describe(
      'Where workers come from: static_nodes; registration with join_token, and dns; or both. Admins can add workers in every mode.',
    ),
  join_token: z
    .string()
    .optional()
    .describe(
      'Shared secret with which workers register themselves, at least 32 characters. Not for static.',
    ),
  announce_interval: z
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('Seconds between two announcements of a registered worker.'),
  forget_after: seconds()
    .default(86_400)
    .describe('Seconds after which a worker that neither announces itself nor responds leaves the fleet.'),
  udp_port: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe(
      'UDP port to listen on for signed datagrams of workers, usually 8189. Off by default; read at the start.',
    ),
  dns: z.array(dnsSchema).prefault([]).describe('DNS names that resolve to workers. Not for static.'),
  dns_interval: z.number().min(1).max(3600).default(30).describe('Seconds between two DNS queries.'),
  dns_grace: seconds()
    .default(300)
    .describe('Seconds that a worker without a DNS record stays, draining, before it leaves the fleet.'),
};
type RawDiscovery = z.infer<z.ZodObject<typeof discoverySettings>>;

/** A DNS name that leads to workers. */
export interface DnsConfig extends WorkerFields {
  readonly name: string;
  readonly type: 'SRV' | 'A' | 'AAAA';
  readonly port: number;
}

/** How workers join by themselves. */
export interface DiscoveryConfig {
  readonly mode: 'static' | 'dynamic' | 'hybrid';
  /** Null: only admins can register workers. */
  readonly joinToken: string | null;
  readonly announceIntervalMs: number;
  readonly forgetAfterMs: number;
  /** Where to listen for signed datagrams; null: nowhere. All addresses, unless the server is local only. */
  readonly udp: { readonly host: string; readonly port: number } | null;
  readonly dns: readonly DnsConfig[];
  readonly dnsIntervalMs: number;
  readonly dnsGraceMs: number;
}

/** `isOpen`: the server can be reached from other machines. */
export function checkJoinToken(
  { join_token: token }: RawDiscovery,
  { isOpen }: { isOpen: boolean },
  findings: Findings,
): void {
  if (token === undefined || !isWeakSecret(token)) return;
  const problem = plainText(isSampleSecret(token) ? 'config.sample_secret' : 'config.short_secret');
  const describe = (advice: DefinitionText): DefinitionText => ({
    code: 'definition.with_advice',
    params: { problem, advice },
  });
  if (isOpen) findings.refuse('nodes.join_token', describe(plainText('config.token_open')));
  else findings.warn('nodes.join_token', describe(plainText('config.token_local')));
}

export function checkDiscovery(raw: RawDiscovery, staticNodes: number, findings: Findings): void {
  const { discovery_mode: mode, join_token: token, udp_port: udpPort, dns } = raw;
  const hasToken = token !== undefined && !isWeakSecret(token);
  if (udpPort !== undefined && (mode === 'static' || !hasToken)) {
    findings.refuse('nodes.udp_port', plainText('config.udp_needs'));
  }
  if (mode === 'static') {
    checkStatic(raw, findings);
    return;
  }
  if (mode === 'dynamic' && staticNodes > 0) {
    findings.warn('nodes.static_nodes', plainText('config.static_unused'));
  }
  if (!hasToken && dns.length === 0) {
    findings.warn('nodes.discovery_mode', { code: 'config.no_way_in', params: { mode } });
  }
}

function checkStatic({ dns, join_token: token }: RawDiscovery, findings: Findings): void {
  if (dns.length > 0) {
    findings.refuse('nodes.dns', plainText('config.dns_static'));
  }
  if (token !== undefined) {
    findings.warn('nodes.join_token', plainText('config.token_static'));
  }
}

export function compileDiscovery(raw: RawDiscovery, { isOpen }: { isOpen: boolean }): DiscoveryConfig {
  const { join_token: token, udp_port: udpPort } = raw;
  return {
    mode: raw.discovery_mode,
    joinToken: token === undefined || isWeakSecret(token) ? null : token,
    announceIntervalMs: raw.announce_interval * 1000,
    forgetAfterMs: raw.forget_after * 1000,
    udp: udpPort === undefined ? null : { host: isOpen ? '0.0.0.0' : '127.0.0.1', port: udpPort },
    dns: raw.dns.map((entry) => ({
      name: entry.name,
      type: entry.type,
      port: entry.port,
      ...compileFields(entry),
    })),
    dnsIntervalMs: raw.dns_interval * 1000,
    dnsGraceMs: raw.dns_grace * 1000,
  };
}
