import { startTimeSlice } from '@comfleet/comfyui';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { AssetRecord } from '../../flow/calls/assets/asset-calls.ts';
import { toFileName } from '../../platform/http/content-disposition.ts';
import { readForm, readUploadedFile } from '../../platform/http/upload-form.ts';
import { principalOf } from '../authentication.ts';
import { refuseUpload, UploadForm } from './asset-fields.ts';
import type { ComfyV2Deps } from './comfy-v2-deps.ts';
import { readIdempotencyKey } from './job-submission.ts';

const MAX_FIELDS = 100;
const MAX_FIELD_BYTES = 4096;

/**
 * Takes a multipart upload: its fields, then its file, streamed. Throws INVALID_REQUEST for a form that is not the
 * contract's, CONFLICT (hash_mismatch), BODY_TOO_LARGE, IDEMPOTENCY_CONFLICT; nothing is stored then.
 */
export async function receiveAsset(
  request: FastifyRequest,
  deps: ComfyV2Deps,
): Promise<{ asset: AssetRecord; blobWasNew: boolean }> {
  if (!request.isMultipart()) return refuseUpload('send multipart/form-data');
  const limit = deps.config.current.limits.assetBytes;
  const form = new UploadForm();
  const limits = { fileSize: limit, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES };
  for await (const part of readForm(request, { clock: deps.clock, limits })) {
    if (part.type === 'field') form.add(part.fieldname, part.value);
    else if (part.fieldname !== 'file') refuseUpload('the file is sent in the field "file"');
    else return await storeFile(request, part, { deps, form, limit });
  }
  return refuseUpload('the field "file" is missing');
}

async function storeFile(
  request: FastifyRequest,
  part: MultipartFile,
  { deps, form, limit }: { deps: ComfyV2Deps; form: UploadForm; limit: number },
): Promise<{ asset: AssetRecord; blobWasNew: boolean }> {
  const fields = form.read();
  const idempotency = await readIdempotencyKey(request, fields.filePath, startTimeSlice(deps.clock));
  return await deps.assets.create(principalOf(request), {
    ...fields,
    name: toFileName(fields.filePath),
    bytes: readUploadedFile(part, limit),
    accept: 'any',
    ...(idempotency ? { idempotency } : {}),
  });
}
