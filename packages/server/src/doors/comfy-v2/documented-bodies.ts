import { z } from 'zod';

/*
 * Bodies that the routes of this door parse themselves, for the API document. e2e/contracts/comfy-api-v2.openapi.yaml has
 * them all.
 */

/** Form of POST /api/v2/assets: its fields precede its file. */
export const assetForm = {
  mediaType: 'multipart/form-data',
  schema: z.object({
    content_type: z.string(),
    file_path: z.string(),
    expected_hash: z.string().optional().describe('blake3:<64 hex digits>'),
    tags: z.array(z.string().max(100)).max(50).optional(),
    expires_in: z.int().min(60).max(604_800).optional().describe('Seconds.'),
    file: z.string().meta({ format: 'binary' }),
  }),
};

/** Body of POST /api/v2/assets/from-hash. */
export const fromHashBody = {
  mediaType: 'application/json',
  schema: z.object({
    hash: z.string().describe('blake3:<64 hex digits>'),
    file_path: z.string().optional(),
    tags: z.array(z.string()).optional(),
    expires_in: z.number().optional().describe('Seconds; clamped to 60 to 604800.'),
  }),
};

/** Body of POST /api/v2/jobs. */
export const jobBody = {
  mediaType: 'application/json',
  schema: z.object({
    workflow: z.record(z.string(), z.unknown()),
    extra_data: z.strictObject({ api_key_comfy_org: z.string().optional() }).optional(),
  }),
};

/** Headers with a key; any text is valid. */
export const keyHeaders = z.looseObject({
  'idempotency-key': z.string().optional().describe('Single-use for 24 h.'),
});

/** A JSON body as defined by the contract. */
export const contractJson = z.looseObject({});
