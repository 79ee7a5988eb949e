import type { Command } from 'commander';
import { whole } from './flags.ts';
import type { ProgramParts } from './program-parts.ts';

/** usage, and quotas list, set, reset. */
export function addQuotaCommands(program: Command, { run, say }: ProgramParts): void {
  program
    .command('usage [whose]')
    .description(say('help.usage'))
    .option('--project <project>', say('flag.usage_project'))
    .option('--days <count>', say('flag.days'), whole(1, 90), 7)
    .action(
      async (whose: string | undefined, flags: { project?: string; days: number }, command: Command) => {
        await run(command, async (context) =>
          (await import('../commands/quotas.ts')).showUsage(context, whose, flags),
        );
      },
    );
  const quotas = program.command('quotas').description(say('help.quotas'));
  quotas
    .command('list')
    .description(say('help.quotas.list'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/quotas.ts')).listQuotas(context));
    });
  quotas
    .command('set <whose> <limits...>')
    .description(say('help.quotas.set'))
    .action(async (whose: string, limits: readonly string[], _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/quotas.ts')).setQuotas(context, whose, limits),
      );
    });
  quotas
    .command('reset <whose>')
    .description(say('help.quotas.reset'))
    .action(async (whose: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/quotas.ts')).resetQuotas(context, whose),
      );
    });
}
