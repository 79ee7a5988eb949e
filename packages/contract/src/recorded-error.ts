import { z } from 'zod';

/** The error envelope of every native response. */
export const errorEnvelopeSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.record(z.string(), z.unknown()).nullable(),
    }),
    request_id: z.string(),
    /** Of NOT_PROJECT_OWNER only, as clients of the v1 layout expect them. */
    code: z.literal(403).optional(),
    msg: z.string().optional(),
  })
  .meta({ id: 'ErrorEnvelope' });

export type ErrorEnvelope = z.infer<typeof errorEnvelopeSchema>;

/** An error as recorded on a task or attempt. */
export const recordedErrorSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'RecordedError' });

export type RecordedError = z.infer<typeof recordedErrorSchema>;
