import { isUuid, QUOTAS, type QuotaLimits, type QuotaUse, type Usage } from '@comfleet/contract';
import { plainText } from '@comfleet/contract/texts/catalogue';
import type { Comfleet } from '@comfleet/sdk';
import { findNamed } from '../connection/find-named.ts';
import { findProjectId } from '../connection/find-project.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { formatBytes } from '../output/format-bytes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { readLimits } from '../parameters/read-limits.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** `comfleet usage`: of the caller, of a project, or, for admins, of anybody. */
export async function showUsage(
  context: CommandContext,
  whose: string | undefined,
  { project, days }: { readonly project?: string; readonly days: number },
): Promise<number> {
  if (whose !== undefined && project !== undefined) throw new UsageError(plainText('usage.whose_or_project'));
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const projectId = await findProjectId(comfleet, project, signal);
  const usage =
    whose === undefined
      ? await comfleet.quotas.usage({ days, signal, ...(projectId !== undefined && { projectId }) })
      : await comfleet.quotas.usageOf(await findSubjectId(comfleet, whose, signal), { days, signal });
  context.show(usage, () => formatUsage(usage, context.texts));
  return EXIT.ok;
}

function formatUsage({ subject, quotas, days, time_zone: zone }: Usage, texts: CliTexts): string[] {
  const kind = texts.name('quota_subject', subject.kind);
  return [
    texts.say('cli.usage_of', { name: toPlainText(subject.name), kind, zone }),
    '',
    ...formatTable(
      texts.heads('quota', 'used', 'limit', 'begins_again'),
      quotas.map((use) => [
        use.quota,
        formatAmount(use.quota, use.used),
        formatLimit(use, texts),
        use.resets_at ?? '-',
      ]),
    ),
    '',
    texts.say('cli.usage_days'),
    ...formatTable(
      texts.heads('day', 'tasks', 'uploaded'),
      days.map(({ day, tasks, upload_bytes: bytes }) => [day, String(tasks), formatBytes(bytes)]),
    ),
  ];
}

function formatLimit({ quota, limit, source }: QuotaUse, { say }: CliTexts): string {
  const amount = limit === null ? say('cli.unlimited') : formatAmount(quota, limit);
  return source === 'own' ? amount : say('cli.quota_default', { limit: amount });
}

function formatAmount(quota: string, amount: number): string {
  return quota.includes('bytes') ? formatBytes(amount) : String(amount);
}

/** `comfleet quotas list`: the configured limits, then those that differ. */
export async function listQuotas(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const { texts, terminal } = context;
  const list = await comfleet.quotas.list({ signal: terminal.signal });
  context.show(list, () => [
    texts.say('cli.quota_defaults'),
    ...formatTable(
      texts.heads('for_whom', 'limits'),
      Object.entries(list.defaults).map(([kind, limits]) => [
        texts.name('quota_subject', kind),
        formatLimits(limits, texts),
      ]),
    ),
    '',
    ...(list.overrides.length === 0
      ? [texts.say('cli.quota_none')]
      : formatTable(
          texts.heads('for_whom', 'name', 'limits', 'at'),
          list.overrides.map(({ subject, limits, changed_at: at }) => [
            texts.name('quota_subject', subject.kind),
            toPlainText(subject.name),
            formatLimits(limits, texts),
            at,
          ]),
        )),
  ]);
  return EXIT.ok;
}

/** `tasks_per_day=50 stored_bytes=200.0 GB`; what is not limited by default is left out. */
function formatLimits(limits: Partial<QuotaLimits>, { say }: CliTexts): string {
  const isWhole = QUOTAS.every((quota) => limits[quota] !== undefined);
  const shown = QUOTAS.flatMap((quota) => {
    const limit = limits[quota];
    if (limit === undefined || (limit === null && isWhole)) return [];
    return [`${quota}=${limit === null ? say('cli.unlimited') : formatAmount(quota, limit)}`];
  });
  return shown.length === 0 ? say('cli.unlimited') : shown.join(' ');
}

/** `comfleet quotas set`: what is not named stays. */
export async function setQuotas(
  context: CommandContext,
  whose: string,
  words: readonly string[],
): Promise<number> {
  const limits = readLimits(words);
  const comfleet = await context.connect();
  const { texts, terminal } = context;
  const { signal } = terminal;
  const id = await findSubjectId(comfleet, whose, signal);
  const override = await comfleet.quotas.set(id, limits, { signal });
  const { subject } = override;
  context.show(override, () => [
    texts.say('cli.quota_set', {
      name: toPlainText(subject.name),
      kind: texts.name('quota_subject', subject.kind),
      limits: formatLimits(override.limits, texts),
    }),
  ]);
  return EXIT.ok;
}

/** `comfleet quotas reset`. */
export async function resetQuotas(context: CommandContext, whose: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  await comfleet.quotas.reset(await findSubjectId(comfleet, whose, signal), { signal });
  context.show({ reset: whose }, () => [context.texts.say('cli.quota_reset', { name: toPlainText(whose) })]);
  return EXIT.ok;
}

/** The id of a user, client or project by id or name. Throws UnknownNameError, and UsageError where several have the name. */
async function findSubjectId(comfleet: Comfleet, idOrName: string, signal: AbortSignal): Promise<string> {
  if (isUuid(idOrName)) return idOrName;
  const [users, clients, projects] = await Promise.all([
    comfleet.users.list({ signal }),
    comfleet.clients.list({ signal }),
    comfleet.projects.list({ all: true, signal }),
  ]);
  const subjects = [
    ...users.map(({ user_id: id, username: name }) => ({ id, name })),
    ...clients.map(({ client_id: id, client_name: name }) => ({ id, name })),
    ...projects.map(({ project_id: id, name }) => ({ id, name })),
  ];
  const code = 'QUOTA_SUBJECT_NOT_FOUND';
  return findNamed(subjects, idOrName, { what: 'subject', code, read: (subject) => subject }).id;
}
