import type { Setting, SettingHistory } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** `comfleet settings list`: values in force and where they come from; with a word, only keys that contain it. */
export async function listSettings(
  context: CommandContext,
  { changed, grep }: { readonly changed?: boolean; readonly grep?: string },
): Promise<number> {
  const comfleet = await context.connect();
  const all = await comfleet.settings.list({ signal: context.terminal.signal });
  const settings = all.filter(
    ({ key, changed_at: at }) => (!changed || at !== null) && (grep === undefined || key.includes(grep)),
  );
  const { texts } = context;
  context.show({ settings }, () =>
    formatTable(
      texts.heads('setting', 'value', 'source', 'note'),
      settings.map((setting) => [
        setting.key,
        showValue(setting, setting.value),
        texts.name('setting_source', setting.source),
        describeNote(setting, texts),
      ]),
    ),
  );
  return EXIT.ok;
}

/** `comfleet settings show`. */
export async function showSetting(context: CommandContext, key: string): Promise<number> {
  const comfleet = await context.connect();
  return show(context, await comfleet.settings.show(key, { signal: context.terminal.signal }));
}

/** `comfleet settings set`: the kind of the setting decides how the value is read. */
export async function setSetting(context: CommandContext, key: string, text: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const setting = await comfleet.settings.show(key, { signal });
  return show(context, await comfleet.settings.set(key, readValue(setting, text), { signal }));
}

/** `comfleet settings reset`. */
export async function resetSetting(context: CommandContext, key: string): Promise<number> {
  const comfleet = await context.connect();
  return show(context, await comfleet.settings.reset(key, { signal: context.terminal.signal }));
}

/** `comfleet settings history`. */
export async function listSettingHistory(
  context: CommandContext,
  key: string | undefined,
  limit: number,
): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const history = await comfleet.settings.history({ key, limit }, { signal });
  context.show(history, () => formatHistory(history, context.texts));
  return EXIT.ok;
}

function formatHistory({ changes }: SettingHistory, texts: CliTexts): string[] {
  return formatTable(
    texts.heads('at', 'setting', 'old_value', 'new_value', 'by'),
    changes.map(({ changed_at: at, key, before, after, reset, changed_by: by }) => [
      at,
      key,
      write(before),
      reset ? texts.say('cli.setting_reset', { value: write(after) }) : write(after),
      toPlainText(by.name ?? by.id),
    ]),
  );
}

/** A text as it is; everything else as JSON, and what is none of it as a text, which the server then refuses. */
function readValue({ kind, accepts_null: acceptsNull }: Setting, text: string): unknown {
  if (acceptsNull && text === 'null') return null;
  if (kind === 'text' || kind === 'choice') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function show(context: CommandContext, setting: Setting): number {
  context.show(setting, () => describeSetting(setting, context));
  return EXIT.ok;
}

function describeSetting(setting: Setting, { texts, language }: CommandContext): string[] {
  const { say } = texts;
  const { description, changed_by: by, changed_at: at, left_out: leftOut } = setting;
  const source = texts.name('setting_source', setting.source);
  const value = showValue(setting, setting.value);
  const accepted = describeAccepted(setting, texts);
  return [
    say('cli.setting', { setting: setting.key, value, source }),
    `  ${language === 'en' ? description.en : description.zh}`,
    ...(by === null || at === null
      ? []
      : [`  ${say('cli.setting_changed', { name: toPlainText(by.name ?? by.id), at })}`]),
    ...(setting.is_set && setting.value === null
      ? []
      : [`  ${say('cli.setting_default', { value: write(setting.default) })}`]),
    ...(setting.file_value === null
      ? []
      : [`  ${say('cli.setting_file', { value: write(setting.file_value) })}`]),
    `  ${say('cli.setting_variable', { variable: setting.variable })}`,
    ...(accepted === '' ? [] : [`  ${accepted}`]),
    ...listNotes(setting, texts).map((note) => `! ${note}`),
    ...(leftOut?.problems ?? []).map((problem) => `  ${toPlainText(texts.definition(problem))}`),
  ];
}

/** The same in few words. */
function describeNote(setting: Setting, texts: CliTexts): string {
  const { say } = texts;
  if (setting.waits_for_restart || setting.left_out !== null) return listNotes(setting, texts).join(' ');
  if (setting.read_only !== null) return say('cli.setting_read_only');
  return setting.needs_restart ? say('cli.setting_restarts') : '';
}

function listNotes(setting: Setting, texts: CliTexts): string[] {
  const { say } = texts;
  const { read_only: readOnly, left_out: leftOut } = setting;
  return [
    ...(readOnly === null ? [] : [texts.name('read_only', readOnly)]),
    ...(setting.waits_for_restart
      ? [say('cli.setting_waits', { value: showValue(setting, setting.value_after_restart) })]
      : []),
    ...(readOnly === null && setting.needs_restart && !setting.waits_for_restart
      ? [say('cli.setting_needs_restart')]
      : []),
    ...(leftOut === null ? [] : [say('cli.setting_left_out', { value: write(leftOut.value) })]),
  ];
}

function describeAccepted({ minimum, maximum, above, choices }: Setting, { say }: CliTexts): string {
  if (choices !== null) return say('cli.setting_choices', { choices: choices.join(', ') });
  if (minimum !== null && maximum !== null) return say('cli.setting_from_to', { from: minimum, to: maximum });
  const limits = [
    ...(above === null ? [] : [say('cli.setting_above', { above })]),
    ...(minimum === null ? [] : [say('cli.setting_from', { from: minimum })]),
    ...(maximum === null ? [] : [say('cli.setting_to', { to: maximum })]),
  ];
  return limits.join(', ');
}

/** A secret and a list of objects are never sent. */
function showValue({ is_set: isSet, kind, read_only: readOnly }: Setting, value: unknown): string {
  if (value !== null) return write(value);
  if (!isSet) return '-';
  return readOnly === 'secret' || kind === 'text' ? '***' : '…';
}

function write(value: unknown): string {
  if (value === null) return '-';
  return toPlainText(typeof value === 'string' ? value : JSON.stringify(value));
}
