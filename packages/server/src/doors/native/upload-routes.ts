import { plainText, uploadListSchema, uploadSchema } from '@comfleet/contract';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AssetRecord } from '../../flow/calls/assets/asset-calls.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { toFileName } from '../../platform/http/content-disposition.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { sendContent } from '../../platform/http/send-content.ts';
import { toAssetPath } from '../../platform/http/signed-links.ts';
import { contentLengthOf, readForm, readOnlyFile } from '../../platform/http/upload-form.ts';
import { findRequestSession, principalOf } from '../authentication.ts';
import { contentResponses } from '../route-responses.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams, readAssetId } from './route-schemas.ts';
import { refuseField } from './submission.ts';

/** For the API document only: the handler streams the form. */
const pictureForm = {
  mediaType: 'multipart/form-data',
  schema: z.object({ file: z.string().meta({ format: 'binary' }) }),
};

/** Adds picture uploads and downloads of any asset. */
export function addUploadRoutes(app: HttpServer, deps: NativeDeps): void {
  addUploadRoute(app, deps);
  addListRoutes(app, deps);
  addContentRoute(app, deps);
}

function addUploadRoute(app: HttpServer, deps: NativeDeps): void {
  app.post('/api/fleet/uploads', {
    config: { access: 'tasks.run', ownBody: pictureForm, refusals: ['QUOTA_EXCEEDED'] },
    schema: {
      tags: ['uploads'],
      summary: 'Upload a picture: multipart, field file or image; jpg, png or webp',
      response: { 201: uploadSchema },
    },
    handler: async (request, reply) => {
      const asset = await receivePicture(request, deps);
      reply.status(201).header('location', `/api/fleet/uploads/${asset.id}`);
      return deps.assets.toUpload(asset);
    },
  });
}

const FORM_LIMITS = { fields: 20, fieldSize: 4096 };

/** Stores the form's one file. Throws INVALID_REQUEST if it is missing, and for a second file or any other field. */
async function receivePicture(
  request: FastifyRequest,
  { assets, config, clock }: NativeDeps,
): Promise<AssetRecord> {
  const limit = config.current.limits.uploadBytes;
  const form = readForm(request, { clock, limits: { ...FORM_LIMITS, fileSize: limit } });
  for await (const part of form) {
    const file = findPicture(part);
    const { asset } = await assets.create(principalOf(request), {
      name: toFileName(file.filename),
      contentType: file.mimetype,
      bytes: readOnlyFile(file, { form, limit }),
      sizeBytes: contentLengthOf(request),
      accept: 'picture',
    });
    return asset;
  }
  return refuseField('file', 'field.file_missing');
}

const PICTURE_FIELDS = ['file', 'image'];

function findPicture(part: Multipart): MultipartFile {
  if (part.type === 'file' && PICTURE_FIELDS.includes(part.fieldname)) return part;
  return refuseField(part.fieldname, 'field.file_field');
}

function addListRoutes(app: HttpServer, { assets }: NativeDeps): void {
  app.get('/api/fleet/uploads', {
    config: { access: 'client' },
    schema: {
      tags: ['uploads'],
      summary: 'List uploads of the caller, newest first',
      querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
      response: { 200: uploadListSchema },
    },
    handler: async (request) => {
      const records = await assets.listUploads(principalOf(request), request.query.limit);
      return { uploads: records.map((record) => assets.toUpload(record)) };
    },
  });

  app.get('/api/fleet/uploads/:id', {
    config: { access: 'client', refusals: ['ASSET_NOT_FOUND'] },
    schema: {
      tags: ['uploads'],
      summary: 'One upload',
      params: idParams,
      response: { 200: uploadSchema },
    },
    handler: async (request) => {
      const record = await assets.load(principalOf(request), readAssetId(request.params.id));
      if (record.kind !== 'upload') throw new AppError('ASSET_NOT_FOUND');
      return assets.toUpload(record);
    },
  });

  app.delete('/api/fleet/uploads/:id', {
    config: { access: 'tasks.run', refusals: ['ASSET_NOT_FOUND', 'PROJECT_READ_ONLY', 'CONFLICT'] },
    schema: {
      tags: ['uploads'],
      summary: 'Delete an upload that no task needs',
      params: idParams,
      response: { 204: z.null().describe('Deleted.') },
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

function addContentRoute(app: HttpServer, { assets, links, limits }: NativeDeps): void {
  app.get('/api/fleet/assets/:id/content', {
    config: { access: 'link', refusals: ['ASSET_NOT_FOUND', 'FORBIDDEN'] },
    schema: {
      tags: ['uploads'],
      summary: 'Download a file with a bearer token or a signed link; supports ranges',
      params: idParams,
      querystring: z.strictObject({
        expires: z.string().max(20).optional(),
        signature: z.string().max(100).optional(),
      }),
      response: contentResponses,
    },
    handler: async (request, reply) => {
      const id = readAssetId(request.params.id);
      const { expires, signature } = request.query;
      if (signature !== undefined) {
        if (!links.verify(toAssetPath(id), expires ?? '', signature)) {
          if (findRequestSession(request) === null) await limits.countAddress(request, reply);
          throw new AppError('FORBIDDEN', {
            reason: 'link',
            message_text: plainText('reason.link'),
          });
        }
        return sendContent(request, reply, await assets.openSigned(id));
      }
      const session = findRequestSession(request);
      if (!session) {
        await limits.countAddress(request, reply);
        throw new AppError('UNAUTHORIZED');
      }
      return sendContent(request, reply, await assets.open(session.principal, id));
    },
  });
}
