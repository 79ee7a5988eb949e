import { z } from 'zod';

/**
 * What an attempt ran with, as its worker told it when the attempt was claimed: enough to say why the same graph gave another
 * picture. Null is unknown, never guessed.
 */
export const fingerprintSchema = z
  .object({
    /** Of Comfleet. */
    comfleet_version: z.string(),
    comfyui_version: z.string().nullable(),
    /** Of the worker's PyTorch, with the build for its devices: `2.14.1+cu130`. */
    pytorch_version: z.string().nullable(),
    /** `blake3:<hex>` of the text of the worker's object_info: the same hash is the same set of node classes and choices. */
    object_info_hash: z.string().nullable(),
    /** `sha256:<hex>` of the text of the bound graph: GET /api/fleet/tasks/{id}/graph. */
    graph_hash: z.string(),
    /** Model files that the graph names. */
    models: z.array(
      z.object({
        /** Folder in whose listing the file stands; null where no listing of the fleet has it. */
        folder: z.string().nullable(),
        name: z.string(),
        /** Null when the worker does not list the file, or its size. */
        size_bytes: z.int().nullable(),
      }),
    ),
    /** Name of the worker's first device, as ComfyUI writes it. */
    device: z.string().nullable(),
    /** Of that device. ComfyUI up to 0.33 does not tell it. */
    driver: z.string().nullable(),
    /** When the worker told this; null when it never did. */
    listed_at: z.string().meta({ format: 'date-time' }).nullable(),
  })
  .meta({ id: 'Fingerprint' });
export type Fingerprint = z.infer<typeof fingerprintSchema>;
