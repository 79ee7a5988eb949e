import { uploadListSchema, uploadSchema } from '@comfleet/contract';
import { z } from 'zod';
import { AppError } from '../../platform/errors/app-error.ts';
import { toFileName } from '../../platform/http/content-disposition.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { sendContent } from '../../platform/http/send-content.ts';
import { toAssetPath } from '../../platform/http/signed-links.ts';
import { readUploadedFile, toFormError } from '../../platform/http/uploaded-file.ts';
import { findRequestSession, principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams, problemAnswers, readAssetId } from './route-schemas.ts';

/** Pictures that people send, and the bytes of any asset. */
export function addUploadRoutes(app: HttpServer, deps: NativeDeps): void {
  addUploadRoute(app, deps);
  addListRoutes(app, deps);
  addContentRoute(app, deps);
}

function addUploadRoute(app: HttpServer, { assets, config }: NativeDeps): void {
  app.post('/api/fleet/uploads', {
    config: { access: 'client' },
    schema: {
      tags: ['uploads'],
      summary: 'Upload a picture: multipart, field file or image; jpg, png or webp',
      consumes: ['multipart/form-data'],
      response: { 201: uploadSchema, ...problemAnswers },
    },
    handler: async (request, reply) => {
      const actor = principalOf(request);
      const limit = config.current.limits.uploadBytes;
      const limits = { fileSize: limit, files: 1, fields: 20 };
      const file = await request.file({ limits }).catch((thrown: unknown) => {
        throw toFormError(thrown);
      });
      if (!file)
        throw new AppError('INVALID_REQUEST', {
          in: 'body',
          problems: [{ path: 'file', message: 'missing' }],
        });
      const { asset } = await assets.create(actor, {
        name: toFileName(file.filename),
        contentType: file.mimetype,
        bytes: readUploadedFile(file, limit),
        accept: 'picture',
      });
      reply.status(201).header('location', `/api/fleet/uploads/${asset.id}`);
      return assets.toUpload(asset);
    },
  });
}

function addListRoutes(app: HttpServer, { assets }: NativeDeps): void {
  app.get('/api/fleet/uploads', {
    config: { access: 'client' },
    schema: {
      tags: ['uploads'],
      summary: 'My uploads, newest first',
      querystring: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
      response: { 200: uploadListSchema, ...problemAnswers },
    },
    handler: async (request) => {
      const records = await assets.listUploads(principalOf(request), request.query.limit);
      return { uploads: records.map((record) => assets.toUpload(record)) };
    },
  });

  app.get('/api/fleet/uploads/:id', {
    config: { access: 'client' },
    schema: {
      tags: ['uploads'],
      summary: 'One upload',
      params: idParams,
      response: { 200: uploadSchema, ...problemAnswers },
    },
    handler: async (request) => {
      const record = await assets.load(principalOf(request), readAssetId(request.params.id));
      if (record.kind !== 'upload') throw new AppError('ASSET_NOT_FOUND');
      return assets.toUpload(record);
    },
  });

  app.delete('/api/fleet/uploads/:id', {
    config: { access: 'client' },
    schema: {
      tags: ['uploads'],
      summary: 'Delete an upload that no task needs',
      params: idParams,
      response: { 204: z.null(), ...problemAnswers },
    },
    handler: async (request, reply) => {
      const actor = principalOf(request);
      const record = await assets.load(actor, readAssetId(request.params.id));
      if (record.kind !== 'upload') throw new AppError('ASSET_NOT_FOUND');
      await assets.remove(actor, record.id);
      return reply.status(204).send(null);
    },
  });
}

function addContentRoute(app: HttpServer, { assets, links }: NativeDeps): void {
  app.get('/api/fleet/assets/:id/content', {
    config: { access: 'link' },
    schema: {
      tags: ['uploads'],
      summary: 'Bytes of a file, by bearer or by signed link; ranges',
      params: idParams,
      querystring: z.object({
        expires: z.string().max(20).optional(),
        signature: z.string().max(100).optional(),
      }),
      response: problemAnswers,
    },
    handler: async (request, reply) => {
      const id = readAssetId(request.params.id);
      const { expires, signature } = request.query;
      if (signature !== undefined) {
        if (!links.verify(toAssetPath(id), expires ?? '', signature)) {
          throw new AppError('FORBIDDEN', {
            reason: 'link',
            advice: 'this link is not valid any more; ask for the task again',
          });
        }
        return sendContent(request, reply, await assets.openSigned(id));
      }
      const session = findRequestSession(request);
      if (!session) throw new AppError('UNAUTHORIZED');
      return sendContent(request, reply, await assets.open(session.principal, id));
    },
  });
}
