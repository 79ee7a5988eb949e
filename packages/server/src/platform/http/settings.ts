import { plainText } from '@comfleet/contract';
import { z } from 'zod';
import { HOST } from '../config/fields.ts';
import { isLoopbackHost } from '../config/sample-secret.ts';
import type { Findings } from '../config/settings.ts';
import { MAX_GROWTH } from '../text/data-url.ts';
import { isNetwork, isOrigin } from './check-addresses.ts';

/** The `server` block. */
export const serverSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Only loopback unless changed.'),
  port: z.int().min(0).max(65_535).default(8000).describe('Port to listen on; 0 takes a free one.'),
  public_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The address that users open if a proxy stands in front; absolute links are built from it.'),
  allowed_hosts: z
    .array(z.string().min(1))
    .prefault([])
    .describe(
      'Host names accepted in the Host header, in addition to the server’s own address and public_url.',
    ),
  allowed_origins: z
    .array(z.string().min(1))
    .prefault([])
    .describe(
      'Origins of other web pages that may use the API (CORS) and open the live socket, for example https://studio.example.',
    ),
  trusted_proxies: z
    .array(z.string().min(1))
    .prefault([])
    .describe(
      'Addresses or networks of proxies in front, for example 10.0.0.0/8. Only from these the X-Forwarded headers are read: the address of the client, and whether it came by HTTPS.',
    ),
});
type RawServer = z.infer<typeof serverSchema>;

/** In the `limits` block. */
export const bodyLimits = {
  json_body_bytes: z.int().min(1024).default(1_048_576).describe('Largest JSON body.'),
  graph_body_bytes: z.int().min(1024).default(33_554_432).describe('Largest body with a graph.'),
  open_body_bytes: z
    .int()
    .min(1024)
    .default(201_326_592)
    .describe(
      'Largest total size of the JSON bodies of all requests in progress, at most half of it for one client; further large ones must wait.',
    ),
  json_values: z
    .int()
    .min(1000)
    .default(250_000)
    .describe(
      'Maximum number of values in a JSON body: items of its lists and members of its objects, all together.',
    ),
  json_members: z
    .int()
    .min(1000)
    .default(20_000)
    .describe('Maximum number of items of one list, or members of one object, in a JSON body.'),
  json_depth: z.int().min(8).max(200).default(32).describe('Deepest nesting of a JSON body.'),
};
export const streamLimits = {
  streams_per_client: z
    .int()
    .min(1)
    .default(100)
    .describe('Maximum number of open event streams of one client.'),
};
type RawLimits = z.infer<z.ZodObject<typeof bodyLimits & typeof streamLimits>>;

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | null;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Their X-Forwarded headers are believed. */
  readonly trustedProxies: readonly string[];
}

/** Refuses hosts, origins and addresses that could never match. */
export function checkServer(raw: RawServer, findings: Findings): void {
  for (const [index, host] of raw.allowed_hosts.entries())
    if (!HOST.test(host)) findings.refuse(`server.allowed_hosts[${index}]`, plainText('config.host'));
  for (const [index, origin] of raw.allowed_origins.entries())
    if (!isOrigin(origin)) findings.refuse(`server.allowed_origins[${index}]`, plainText('config.origin'));
  for (const [index, proxy] of raw.trusted_proxies.entries())
    if (!isNetwork(proxy)) findings.refuse(`server.trusted_proxies[${index}]`, plainText('config.network'));
}

export function compileServer(raw: RawServer): ServerSettings {
  return {
    host: raw.host,
    port: raw.port,
    publicUrl: raw.public_url?.replace(/\/+$/, '') ?? null,
    allowedHosts: raw.allowed_hosts,
    allowedOrigins: raw.allowed_origins,
    trustedProxies: raw.trusted_proxies,
  };
}

/** True if the server listens for other machines. */
export function listensForOthers(raw: Pick<RawServer, 'host'>): boolean {
  return !isLoopbackHost(raw.host);
}

/** True if other machines can reach the server, by itself or through a proxy: then no access may be left open. */
export function isOpenToOthers(raw: RawServer): boolean {
  const names = [
    ...raw.allowed_hosts,
    ...(raw.public_url === undefined ? [] : [new URL(raw.public_url).hostname]),
  ];
  return listensForOthers(raw) || raw.trusted_proxies.length > 0 || !names.every(isLoopbackHost);
}

/** `uploadBytes`: the size limit of a picture, which may also be sent inside a body. */
export function compileHttpLimits(raw: RawLimits, uploadBytes: number) {
  return {
    jsonBodyBytes: raw.json_body_bytes,
    graphBodyBytes: raw.graph_body_bytes,
    body: {
      openBytes: raw.open_body_bytes,
      values: raw.json_values,
      members: raw.json_members,
      depth: raw.json_depth,
      text: Math.ceil(uploadBytes * MAX_GROWTH),
    },
    streamsPerClient: raw.streams_per_client,
  };
}
