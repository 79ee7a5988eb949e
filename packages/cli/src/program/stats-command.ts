import { PERFORMANCE_GROUPS } from '@comfleet/contract';
import type { Command } from 'commander';
import type { StatsFlags } from '../commands/stats.ts';
import { choice, whole } from './flags.ts';
import type { ProgramParts } from './program-parts.ts';

/** stats. */
export function addStatsCommand(program: Command, { run, say }: ProgramParts): void {
  program
    .command('stats')
    .description(say('help.stats'))
    .option('--by <group>', say('flag.stats_by'), choice(...PERFORMANCE_GROUPS), 'day')
    .option('--days <count>', say('flag.days'), whole(1, 366), 30)
    .option('--until <day>', say('flag.until_day'))
    .option('--project <project>', say('flag.stats_project'))
    .option('--workflow <name>', say('flag.stats_workflow'))
    .option('--all', say('flag.stats_all'))
    .option('--csv', say('flag.stats_csv'))
    .action(async (flags: StatsFlags, command: Command) => {
      await run(command, async (context) => (await import('../commands/stats.ts')).showStats(context, flags));
    });
}
