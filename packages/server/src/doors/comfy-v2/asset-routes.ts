import { type AssetId, parseId } from '@comfleet/contract';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '../../platform/errors/app-error.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { readLosslessBody } from '../../platform/http/json-body.ts';
import { sendContent } from '../../platform/http/send-content.ts';
import { principalOf } from '../authentication.ts';
import { contentResponses, respondAs } from '../route-responses.ts';
import { parseHash, readFromHashBody } from './asset-fields.ts';
import { receiveAsset } from './asset-upload.ts';
import { toAsset } from './asset-view.ts';
import type { ComfyV2Deps } from './comfy-v2-deps.ts';
import { assetForm, contractJson, fromHashBody, keyHeaders } from './documented-bodies.ts';
import { createSurface, type Surface } from './surface.ts';

const OCTETS = 'application/octet-stream';
/* The contract has no 304. */
const octetResponses = {
  200: respondAs(OCTETS, 'The bytes.'),
  206: respondAs(OCTETS, contentResponses[206].description),
  416: contentResponses[416],
};

/** Adds POST /, /from-hash, HEAD /by-hash/{hash}, GET and DELETE /{id}, GET /{id}/content below /api/v2/assets. */
export function addAssetRoutes(app: HttpServer, deps: ComfyV2Deps): void {
  const surfaceOf = (request: FastifyRequest): Surface =>
    createSurface(request, deps.config.current, deps.links);
  addMakingRoutes(app, deps, surfaceOf);
  addReadingRoutes(app, deps, surfaceOf);
}

type SurfaceOf = (request: FastifyRequest) => Surface;

function addMakingRoutes(app: HttpServer, deps: ComfyV2Deps, surfaceOf: SurfaceOf): void {
  app.post('', {
    config: { access: 'tasks.run', operation: 'postAssets', ownBody: assetForm },
    schema: {
      tags: ['comfy-v2'],
      summary: 'Upload a file (Comfy API v2)',
      headers: keyHeaders,
      response: { 200: contractJson, 201: contractJson },
    },
    handler: async (request, reply) => {
      const { asset, blobWasNew } = await receiveAsset(request, deps);
      reply.status(blobWasNew ? 201 : 200).header('location', toAssetAddress(request, asset.id, surfaceOf));
      return toAsset(asset, surfaceOf(request), { blobWasNew });
    },
  });

  app.post('/from-hash', {
    config: { access: 'tasks.run', operation: 'assetFromHash', ownBody: fromHashBody },
    schema: {
      tags: ['comfy-v2'],
      summary: 'Create an asset record for bytes already stored (Comfy API v2)',
      response: { 200: contractJson, 201: contractJson },
    },
    handler: async (request, reply) => {
      const body = readFromHashBody(readLosslessBody(request));
      const made = body && (await deps.assets.createFromHash(principalOf(request), body));
      if (!made) throw new AppError('ASSET_NOT_FOUND', { reason: 'no_blob' });
      reply.status(made.existed ? 200 : 201);
      return toAsset(made.asset, surfaceOf(request), { blobWasNew: false });
    },
  });
}

function addReadingRoutes(app: HttpServer, { assets }: ComfyV2Deps, surfaceOf: SurfaceOf): void {
  app.head('/by-hash/:hash', {
    config: { access: 'client', operation: 'headAssetByHash', swagger: { exposeHeadRoute: true } },
    schema: {
      tags: ['comfy-v2'],
      summary: 'Whether bytes with this hash are stored (Comfy API v2)',
      response: { 200: z.null().describe('They are stored.') },
    },
    handler: async (request, reply) => {
      const hash = parseHash(readParam(request, 'hash'));
      const isHere = hash !== null && (await assets.hasHash(principalOf(request), hash));
      if (!isHere) throw new AppError('ASSET_NOT_FOUND', { reason: 'no_blob' });
      return reply.status(200).send(null);
    },
  });

  app.get('/:id', {
    config: { access: 'client', operation: 'getAsset' },
    schema: {
      tags: ['comfy-v2'],
      summary: 'One asset (Comfy API v2)',
      response: { 200: contractJson },
    },
    handler: async (request) =>
      toAsset(await assets.load(principalOf(request), readAssetId(request)), surfaceOf(request)),
  });

  app.delete('/:id', {
    config: { access: 'tasks.run', operation: 'deleteAsset' },
    schema: {
      tags: ['comfy-v2'],
      summary: 'Delete an asset record (Comfy API v2)',
      response: { 204: z.null().describe('Deleted.') },
    },
    handler: async (request, reply) => {
      await assets.remove(principalOf(request), readAssetId(request));
      return reply.status(204).send(null);
    },
  });

  app.get('/:id/content', {
    config: { access: 'client', operation: 'getAssetContent' },
    schema: {
      tags: ['comfy-v2'],
      summary: 'Download an asset; supports ranges (Comfy API v2)',
      response: octetResponses,
    },
    handler: async (request, reply) => {
      const content = await assets.open(principalOf(request), readAssetId(request));
      // The contract has no 304, and one media type only: the asset's own is in its record.
      delete request.headers['if-none-match'];
      return sendContent(request, reply, { ...content, contentType: OCTETS });
    },
  });
}

function toAssetAddress(
  request: FastifyRequest,
  id: AssetId,
  surfaceOf: (request: FastifyRequest) => Surface,
): string {
  return `${surfaceOf(request).prefix}/api/v2/assets/${id}`;
}

/** Treats text that is not an id as an unknown id. */
function readAssetId(request: FastifyRequest): AssetId {
  const id = parseId<'asset'>(readParam(request, 'id'));
  if (id === null) throw new AppError('ASSET_NOT_FOUND');
  return id;
}

function readParam(request: FastifyRequest, name: 'id' | 'hash'): string {
  const params: unknown = request.params;
  const value =
    typeof params === 'object' && params !== null ? (params as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : '';
}
