import { z } from 'zod';

/** A model file and the workers that list it. */
export const fleetModelSchema = z
  .object({
    /** ComfyUI's key of the folder (`checkpoints`, `loras`); null for a file that appears only in choices of node inputs. */
    folder: z.string().nullable(),
    /** With `/` between folders, whatever separator the worker uses. */
    name: z.string(),
    /** `sd1`, `sd1_inpaint`, `sd2`, `sd2_inpaint`, `sdxl`, `sdxl_inpaint`, `sdxl_refiner`, `sd3`, `svd`, `flux`, `other`; null if unknown. */
    kind: z.string().nullable(),
    /** Null if no worker reported it. */
    size_bytes: z.int().nullable(),
    /** Node inputs that offer it, as `Class.input`; only for a file without a folder. */
    inputs: z.array(z.string()),
    /** Names of the workers that listed it when last queried, offline ones included. */
    workers: z.array(z.string()),
    /** Those of `workers` that are not in service now. Servers before 0.2 send none. */
    away: z.array(z.string()).optional(),
  })
  .meta({ id: 'FleetModel' });
export type FleetModel = z.infer<typeof fleetModelSchema>;

/** GET /api/fleet/models: sorted by folder and name. */
export const fleetModelPageSchema = z
  .object({ models: z.array(fleetModelSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'FleetModelPage' });
export type FleetModelPage = z.infer<typeof fleetModelPageSchema>;
