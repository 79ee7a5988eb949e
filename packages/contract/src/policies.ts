import { z } from 'zod';
import { ROLES } from './people.ts';
import { recordedErrorSchema } from './recorded-error.ts';

const patterns = z.array(z.string());

/** A rule for graphs, with what it looks at; null: it does not look at it. */
export const policySchema = z
  .object({
    name: z.string(),
    /** `built_in`, or the configuration: its file, and the key there. */
    origin: z.enum(['built_in', 'configuration']),
    file: z.string().nullable(),
    key: z.string().nullable(),
    for: z.object({
      roles: z.array(z.enum(ROLES)).nullable(),
      projects: patterns.nullable(),
      clients: patterns.nullable(),
    }),
    deny: z.object({ nodes: patterns, models: patterns, workflows: patterns, api_nodes: z.boolean() }),
    allow: z.object({
      nodes: patterns.nullable(),
      models: patterns.nullable(),
      workflows: patterns.nullable(),
    }),
    max: z.record(z.string(), z.number()),
    lift: z.object({ nodes: patterns }),
  })
  .meta({ id: 'Policy' });
export type Policy = z.infer<typeof policySchema>;

/** GET /api/fleet/policies. */
export const policyListSchema = z.object({ policies: z.array(policySchema) }).meta({ id: 'PolicyList' });

/** POST /api/fleet/policies/test: whose task it would be. */
export const testPolicySchema = z
  .strictObject({
    graph: z.record(z.string(), z.unknown()),
    /** The named workflow that it would be; absent: a graph of the caller's own. */
    workflow_name: z.string().max(200).optional(),
    /** Default: the role of the client, else member. */
    role: z.enum(ROLES).optional(),
    /** Name or id of a client or user, who need not exist. */
    client: z.string().max(200).optional(),
    /** Name or id of a project, which need not exist. */
    project: z.string().max(200).optional(),
  })
  .meta({ id: 'TestPolicy' });
export type TestPolicy = z.infer<typeof testPolicySchema>;

export const policyTestedSchema = z
  .object({
    role: z.enum(ROLES),
    /** The error that a submission would get; null: it would be accepted. */
    error: recordedErrorSchema.nullable(),
  })
  .meta({ id: 'PolicyTested' });
export type PolicyTested = z.infer<typeof policyTestedSchema>;
