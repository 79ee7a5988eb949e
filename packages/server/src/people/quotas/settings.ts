import type { QuotaLimits } from '@comfleet/contract';
import { z } from 'zod';

const count = (description: string) => z.int().min(0).nullable().optional().describe(description);

const ownerLimits = {
  tasks_per_day: count('Tasks accepted on a day; a batch counts each of its tasks, a retry counts nothing.'),
  tasks_total: count('Tasks that are kept, ended ones included.'),
  tasks_waiting: count('Tasks waiting at one time. Default: limits.waiting_per_client.'),
  tasks_running: count('Tasks on workers at one time; more wait.'),
  upload_bytes_per_day: count('Bytes uploaded on a day.'),
  stored_bytes: count(
    'Bytes of uploads and results together. When they are reached, uploads and new tasks are refused.',
  ),
};
const { upload_bytes_per_day: _uploads, ...projectLimits } = ownerLimits;

/** What a client gets that registered itself, as the documents say. */
const REGISTERED_PER_DAY = 50;

const kept = z.strictObject(ownerLimits).prefault({});

/** The `quotas` block; null or absent means unlimited. */
export const quotasSchema = z.strictObject({
  user: kept.describe('Of each user.'),
  client: kept.describe('Of each client.'),
  registered_client: z
    .strictObject({
      ...ownerLimits,
      tasks_per_day: z
        .int()
        .min(0)
        .nullable()
        .default(REGISTERED_PER_DAY)
        .describe('Tasks accepted on a day from a client that registered itself.'),
    })
    .prefault({})
    .describe('Of each client that registered itself, without an admin; what is absent is that of client.'),
  project: z
    .strictObject(projectLimits)
    .prefault({})
    .describe('Of each project, for the tasks of all its members together.'),
});
type RawQuotas = z.infer<typeof quotasSchema>;

/** Whose default applies. */
export type DefaultsOf = 'user' | 'client' | 'registered_client' | 'project';
export type QuotaDefaults = Readonly<Record<DefaultsOf, QuotaLimits>>;

/** Defaults with every limit filled in. `waitingPerClient`: the limit of waiting tasks where none is given. */
export function compileQuotas(
  raw: RawQuotas,
  { waitingPerClient }: { waitingPerClient: number },
): QuotaDefaults {
  const client = fill(raw.client, waitingPerClient);
  const registered = Object.entries(raw.registered_client).filter(([, limit]) => limit !== undefined);
  return {
    user: fill(raw.user, waitingPerClient),
    client,
    registered_client: { ...client, ...(Object.fromEntries(registered) as Partial<QuotaLimits>) },
    project: fill(raw.project, null),
  };
}

function fill(
  given: { readonly [quota in keyof QuotaLimits]?: number | null | undefined },
  waiting: number | null,
) {
  return {
    tasks_per_day: given.tasks_per_day ?? null,
    tasks_total: given.tasks_total ?? null,
    tasks_waiting: given.tasks_waiting === undefined ? waiting : given.tasks_waiting,
    tasks_running: given.tasks_running ?? null,
    upload_bytes_per_day: given.upload_bytes_per_day ?? null,
    stored_bytes: given.stored_bytes ?? null,
  };
}
