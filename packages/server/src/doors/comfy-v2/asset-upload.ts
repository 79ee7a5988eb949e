import { startTimeSlice } from '@comfleet/comfyui';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { AssetRecord } from '../../flow/calls/assets/asset-calls.ts';
import { toFileName } from '../../platform/http/content-disposition.ts';
import { contentLengthOf, readForm, readOnlyFile } from '../../platform/http/upload-form.ts';
import { principalOf } from '../authentication.ts';
import { refuseUpload, UploadForm } from './asset-fields.ts';
import type { ComfyV2Deps } from './comfy-v2-deps.ts';
import { readIdempotencyKey } from './job-submission.ts';

const MAX_FIELDS = 100;
const MAX_FIELD_BYTES = 4096;

/**
 * Receives a multipart upload: its fields, then its file, streamed. Throws INVALID_REQUEST for a form that breaks the
 * contract, CONFLICT (hash_mismatch), BODY_TOO_LARGE, IDEMPOTENCY_CONFLICT; then nothing is stored.
 */
export async function receiveAsset(
  request: FastifyRequest,
  deps: ComfyV2Deps,
): Promise<{ asset: AssetRecord; blobWasNew: boolean }> {
  if (!request.isMultipart()) return refuseUpload('send multipart/form-data');
  const limit = deps.config.current.limits.assetBytes;
  const fields = new UploadForm();
  const limits = { fileSize: limit, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES };
  const form = readForm(request, { clock: deps.clock, limits });
  for await (const part of form) {
    if (part.type === 'field') fields.add(part.fieldname, part.value);
    else if (part.fieldname !== 'file') refuseUpload('the file is sent in the field "file"');
    else return await storeFile(request, part, { deps, fields, form, limit });
  }
  return refuseUpload('the field "file" is missing');
}

interface Upload {
  deps: ComfyV2Deps;
  /** The fields before the file. */
  fields: UploadForm;
  form: AsyncGenerator<Multipart>;
  limit: number;
}

async function storeFile(
  request: FastifyRequest,
  part: MultipartFile,
  { deps, fields: given, form, limit }: Upload,
): Promise<{ asset: AssetRecord; blobWasNew: boolean }> {
  const fields = given.read();
  const idempotency = await readIdempotencyKey(request, fields.filePath, startTimeSlice(deps.clock));
  return await deps.assets.create(principalOf(request), {
    ...fields,
    name: toFileName(fields.filePath),
    bytes: readOnlyFile(part, { form, limit }),
    sizeBytes: contentLengthOf(request),
    accept: 'any',
    ...(idempotency ? { idempotency } : {}),
  });
}
