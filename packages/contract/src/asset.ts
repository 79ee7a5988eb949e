import { z } from 'zod';
import { timeSchema } from './task.ts';

/** An uploaded file of the caller: POST /api/fleet/uploads (multipart `file` or `image`). */
export const uploadSchema = z
  .object({
    upload_id: z.string(),
    name: z.string(),
    content_type: z.string(),
    size_bytes: z.int(),
    /** `blake3:<hex>` */
    hash: z.string(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    created_at: timeSchema,
    url: z.string(),
  })
  .meta({ id: 'Upload' });
export type Upload = z.infer<typeof uploadSchema>;

export const uploadListSchema = z.object({ uploads: z.array(uploadSchema) }).meta({ id: 'UploadList' });
