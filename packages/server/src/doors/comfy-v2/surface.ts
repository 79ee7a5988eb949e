import type { FastifyRequest } from 'fastify';
import type { SignedLinks } from '../../platform/http/signed-links.ts';
import { toAssetPath } from '../../platform/http/signed-links.ts';
import type { DoorsConfig } from '../doors-config.ts';

/** A link that carries its own permission, and until when it works. */
export interface ContentLink {
  url: string;
  url_expires_at: string;
}

/** How a caller sees this server: where it is, and what it promises. */
export interface Surface {
  /** Path that the API is mounted under, for host-relative links; empty without a prefix. */
  prefix: string;
  /** How long an ended job is kept. */
  jobLifeMs: number;
  /** An absolute, signed link to an asset's bytes. */
  linkTo(assetId: string): ContentLink;
}

/** Absolute links begin with server.public_url or, without one, with the Host of the request, which was checked. */
export function createSurface(request: FastifyRequest, config: DoorsConfig, links: SignedLinks): Surface {
  const { publicUrl } = config.server;
  const base = publicUrl === null ? `${request.protocol}://${request.host}` : publicUrl.replace(/\/+$/, '');
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
