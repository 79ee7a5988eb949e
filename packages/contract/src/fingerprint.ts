import { z } from 'zod';

/**
 * What an attempt ran with, as its worker reported it when the attempt was claimed: enough to explain why the same graph gave a
 * different picture. Null means unknown; nothing is guessed.
 */
export const fingerprintSchema = z
  .object({
    comfleet_version: z.string(),
    comfyui_version: z.string().nullable(),
    /** Of the worker's PyTorch, with the build for its devices: `2.14.1+cu130`. */
    pytorch_version: z.string().nullable(),
    /** `blake3:<hex>` of the text of the worker's object_info: equal hashes mean equal node classes and choices. */
    object_info_hash: z.string().nullable(),
    /** `sha256:<hex>` of the text of the bound graph: GET /api/fleet/tasks/{id}/graph. */
    graph_hash: z.string(),
    /** Model files that the graph names. */
    models: z.array(
      z.object({
        /** The folder that lists the file; null if no worker of the fleet lists it. */
        folder: z.string().nullable(),
        name: z.string(),
        /** Null if the worker does not list the file or report its size. */
        size_bytes: z.int().nullable(),
      }),
    ),
    /** Name of the worker's first device, as ComfyUI writes it. */
    device: z.string().nullable(),
    /** Driver of that device. ComfyUI up to 0.33 does not report it. */
    driver: z.string().nullable(),
    /** When the worker reported this; null if it never did. */
    listed_at: z.string().meta({ format: 'date-time' }).nullable(),
  })
  .meta({ id: 'Fingerprint' });
export type Fingerprint = z.infer<typeof fingerprintSchema>;
