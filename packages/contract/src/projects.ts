import { z } from 'zod';
import { idSchema, type ProjectId } from './ids.ts';
import { PRINCIPAL_KINDS } from './people.ts';
import { shownNameSchema, storedTextSchema } from './request-limits.ts';
import { timeSchema } from './task.ts';

/**
 * What a member may do in a project. The owner changes it, its members and its tasks; an editor runs tasks in it, and cancels and
 * repeats those of everyone; a viewer sees its tasks and their results.
 */
export const PROJECT_ROLES = ['owner', 'editor', 'viewer'] as const;
export type ProjectRole = (typeof PROJECT_ROLES)[number];

/** A project of a principal, and what the principal may do in it. */
export interface Membership {
  readonly projectId: ProjectId;
  readonly role: ProjectRole;
}

const projectNameSchema = shownNameSchema.max(100);
const descriptionSchema = storedTextSchema.max(1000);

export const projectSchema = z
  .object({
    project_id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    owner_id: z.string(),
    owner_name: z.string(),
    /** Of the caller; null for one that sees every project without being a member. */
    role: z.enum(PROJECT_ROLES).nullable(),
    created_at: timeSchema,
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof projectSchema>;

export const projectListSchema = z.object({ projects: z.array(projectSchema) }).meta({ id: 'ProjectList' });

export const newProjectSchema = z
  .strictObject({ name: projectNameSchema, description: descriptionSchema.optional() })
  .meta({ id: 'NewProject' });
export type NewProject = z.infer<typeof newProjectSchema>;

export const projectChangeSchema = z
  .strictObject({ name: projectNameSchema.optional(), description: descriptionSchema.nullable().optional() })
  .meta({ id: 'ProjectChange' });
export type ProjectChange = z.infer<typeof projectChangeSchema>;

export const memberSchema = z
  .object({
    principal_id: z.string(),
    kind: z.enum(PRINCIPAL_KINDS),
    name: z.string(),
    role: z.enum(PROJECT_ROLES),
    added_at: timeSchema,
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof memberSchema>;

export const memberListSchema = z.object({ members: z.array(memberSchema) }).meta({ id: 'MemberList' });

/** Adds a member, or changes the role of one. */
export const memberChangeSchema = z
  .strictObject({
    /** The name of a user, or the id of a user or client. */
    member: z.string().min(1).max(200),
    role: z.enum(['editor', 'viewer']),
  })
  .meta({ id: 'MemberChange' });
export type MemberChange = z.infer<typeof memberChangeSchema>;

/** The id of a project in bodies and queries. */
export const projectIdSchema = idSchema<'project'>();
