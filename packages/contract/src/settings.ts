import { z } from 'zod';
import { timeSchema } from './task.ts';
import { en as WRONG } from './texts/values/en.ts';
import { definitionProblemSchema } from './workflow.ts';

/** The sources of a setting's value, the strongest first. `option`: of the command line. */
export const SETTING_SOURCES = ['option', 'environment', 'run_time', 'file', 'default'] as const;

/**
 * Why a setting cannot be changed at run time: an address that the server listens on or is reached by, a file or folder, the
 * database or the queue, a secret, a list of objects that has its own place (workers, task types, rules), how people are let in,
 * or how processes are started.
 */
export const READ_ONLY_REASONS = [
  'address',
  'path',
  'database',
  'secret',
  'objects',
  'access',
  'process',
] as const;
export type ReadOnlyReason = (typeof READ_ONLY_REASONS)[number];

/** What is needed to see and change a setting. */
export const SETTING_PERMISSIONS = ['fleet.manage', 'people.manage'] as const;
export type SettingPermission = (typeof SETTING_PERMISSIONS)[number];

/** A setting of the configuration file, with its value and where that comes from. */
export const settingSchema = z
  .object({
    /** Dotted, as in the file: `limits.graph_nodes`. */
    key: z.string(),
    description: z.object({ en: z.string(), zh: z.string() }),
    kind: z.enum(['integer', 'number', 'text', 'boolean', 'choice', 'list', 'block']),
    minimum: z.number().nullable(),
    maximum: z.number().nullable(),
    /** A number must be above this one. */
    above: z.number().nullable(),
    choices: z.array(z.string()).nullable(),
    accepts_null: z.boolean(),
    /** In force now. Null for secrets, lists of objects, and what has no value; see `is_set`. */
    value: z.unknown(),
    is_set: z.boolean(),
    default: z.unknown(),
    source: z.enum(SETTING_SOURCES),
    /** What the file says, whichever source decides; null if it says nothing. */
    file_value: z.unknown(),
    /** The variable that set it, else the one that would. */
    variable: z.string(),
    /** Who changed it at run time, and when; null if nobody did. */
    changed_by: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    changed_at: timeSchema.nullable(),
    /** It is read at the start: a change is stored, and in force after a restart. */
    needs_restart: z.boolean(),
    /** A restart is needed for `value_after_restart`. */
    waits_for_restart: z.boolean(),
    value_after_restart: z.unknown(),
    read_only: z.enum(READ_ONLY_REASONS).nullable(),
    permission: z.enum(SETTING_PERMISSIONS),
    /** A value of run time that the configuration does not allow now: it is not in force. */
    left_out: z.object({ value: z.unknown(), problems: z.array(definitionProblemSchema) }).nullable(),
  })
  .meta({ id: 'Setting' });
export type Setting = z.infer<typeof settingSchema>;

/** GET /api/v2/admin/settings. */
export const settingListSchema = z.object({ settings: z.array(settingSchema) }).meta({ id: 'SettingList' });

/** PUT /api/v2/admin/settings/{key}. */
export const changeSettingSchema = z
  .strictObject({
    value: z.unknown().refine((value) => value !== undefined, WRONG['value.missing']),
    /** The value that the caller saw; the change is refused if it is another one now. */
    expected: z.unknown().optional(),
  })
  .meta({ id: 'ChangeSetting' });
export type ChangeSetting = z.infer<typeof changeSettingSchema>;

/** One change of a setting at run time. */
export const settingChangeSchema = z
  .object({
    /** 1, 2, 3 … in the order of the changes. */
    number: z.int(),
    key: z.string(),
    /** The values before and after, whatever their source. */
    before: z.unknown(),
    after: z.unknown(),
    /** The setting was reset: the file, else the default, decides again. */
    reset: z.boolean(),
    changed_by: z.object({ id: z.string(), name: z.string().nullable() }),
    changed_at: timeSchema,
  })
  .meta({ id: 'SettingChange' });
export type SettingChange = z.infer<typeof settingChangeSchema>;

/** GET /api/v2/admin/settings/history. */
export const settingHistorySchema = z
  .object({ changes: z.array(settingChangeSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'SettingHistory' });
export type SettingHistory = z.infer<typeof settingHistorySchema>;
