import { z } from 'zod';

/** One file of models and the workers that list it. */
export const fleetModelSchema = z
  .object({
    /** ComfyUI's key of the folder (`checkpoints`, `loras`); null for a file that only lists of nodes name. */
    folder: z.string().nullable(),
    /** With `/` between folders, whatever the worker's system writes. */
    name: z.string(),
    /** `sd1`, `sd1_inpaint`, `sd2`, `sd2_inpaint`, `sdxl`, `sdxl_inpaint`, `sdxl_refiner`, `sd3`, `svd`, `flux`, `other`; null when nothing tells it. */
    kind: z.string().nullable(),
    /** Null where no worker told it. */
    size_bytes: z.int().nullable(),
    /** Inputs that offer it, as `Class.input`; only of a file without a folder. */
    inputs: z.array(z.string()),
    /** Names of workers, offline ones included, by what they told last. */
    workers: z.array(z.string()),
    /** Those of the workers that are not in service now. Servers before 0.2 send none. */
    away: z.array(z.string()).optional(),
  })
  .meta({ id: 'FleetModel' });
export type FleetModel = z.infer<typeof fleetModelSchema>;

/** GET /api/fleet/models: sorted by folder and name. */
export const fleetModelPageSchema = z
  .object({ models: z.array(fleetModelSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'FleetModelPage' });
export type FleetModelPage = z.infer<typeof fleetModelPageSchema>;
