import type { Command } from 'commander';
import { whole } from './flags.ts';
import type { ProgramParts } from './program-parts.ts';

/** settings list, show, set, reset, history. */
export function addSettingCommands(program: Command, { run, say }: ProgramParts): void {
  const settings = program.command('settings').description(say('help.settings'));
  settings
    .command('list')
    .description(say('help.settings.list'))
    .option('--changed', say('flag.changed'))
    .option('--grep <text>', say('flag.setting_grep'))
    .action(async (flags: { changed?: boolean; grep?: string }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/settings.ts')).listSettings(context, flags),
      );
    });
  settings
    .command('show <setting>')
    .description(say('help.settings.show'))
    .action(async (key: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/settings.ts')).showSetting(context, key),
      );
    });
  settings
    .command('set <setting> <value>')
    .description(say('help.settings.set'))
    .action(async (key: string, value: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/settings.ts')).setSetting(context, key, value),
      );
    });
  settings
    .command('reset <setting>')
    .description(say('help.settings.reset'))
    .action(async (key: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/settings.ts')).resetSetting(context, key),
      );
    });
  settings
    .command('history [setting]')
    .description(say('help.settings.history'))
    .option('--limit <n>', say('flag.limit'), whole(1, 500), 50)
    .action(async (key: string | undefined, flags: { limit: number }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/settings.ts')).listSettingHistory(context, key, flags.limit),
      );
    });
}
