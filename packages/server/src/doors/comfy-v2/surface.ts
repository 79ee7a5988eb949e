import type { FastifyRequest } from 'fastify';
import { serverAddressOf } from '../../platform/http/request-origin.ts';
import type { SignedLinks } from '../../platform/http/signed-links.ts';
import { toAssetPath } from '../../platform/http/signed-links.ts';
import type { DoorsConfig } from '../doors-config.ts';

/** A link that carries its own permission, and its expiry. */
export interface ContentLink {
  url: string;
  url_expires_at: string;
}

/** How callers see this server: its address and what it guarantees. */
export interface Surface {
  /** Path prefix of the API for host-relative links; may be empty. */
  prefix: string;
  /** How long an ended job is kept. */
  jobLifeMs: number;
  /** An absolute, signed link to an asset's bytes. */
  linkTo(assetId: string): ContentLink;
}

/** Absolute links start with server.public_url or, without one, with the request's Host, which was checked. */
export function createSurface(request: FastifyRequest, config: DoorsConfig, links: SignedLinks): Surface {
  const { publicUrl } = config.server;
  const base = publicUrl === null ? serverAddressOf(request) : publicUrl.replace(/\/+$/, '');
  return {
    prefix: new URL(base).pathname.replace(/\/+$/, ''),
    jobLifeMs: config.retention.tasksMs,
    linkTo: (assetId) => {
      const url = new URL(`${base}${links.sign(toAssetPath(assetId))}`);
      const expiresMs = Number(url.searchParams.get('expires')) * 1000;
      return { url: url.href, url_expires_at: new Date(expiresMs).toISOString() };
    },
  };
}
