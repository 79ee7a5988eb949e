import type { Command } from 'commander';
import type { BatchListFlags } from '../commands/batches.ts';
import type { BatchOutFlags } from '../progress/follow-batch.ts';
import { whole } from './flags.ts';
import type { ProgramParts, SayHelp } from './program-parts.ts';

/** Help of `--names`. */
export function describeNames(say: SayHelp): string {
  return say('flag.names', { placeholders: '{index} {seed} {prompt}', usual: '"{index}-{seed}-{prompt}"' });
}

const load = () => import('../commands/batches.ts');

/** batches list, show, watch, pause, resume, cancel, download. */
export function addBatchesCommands(program: Command, { run, say }: ProgramParts): void {
  const batches = program.command('batches').description(say('help.batches'));
  batches
    .command('list')
    .description(say('help.batches.list'))
    .option('--project <project>', say('flag.of_project'))
    .option('--limit <count>', say('flag.count'), whole(1, 10_000), 20)
    .action(async (flags: BatchListFlags, command: Command) => {
      await run(command, async (context) => (await load()).listBatches(context, flags));
    });
  batches
    .command('show <batch>')
    .description(say('help.batches.show'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).showBatch(context, id));
    });
  batches
    .command('watch <batch>')
    .description(say('help.batches.watch'))
    .option('--out <dir>', say('flag.watch_out'))
    .option('--names <pattern>', describeNames(say))
    .action(async (id: string, flags: BatchOutFlags, command: Command) => {
      await run(command, async (context) => (await load()).watchBatch(context, id, flags));
    });
  batches
    .command('download <batch>')
    .description(say('help.batches.download'))
    .option('--out <dir>', say('flag.folder'), '.')
    .option('--names <pattern>', describeNames(say))
    .action(async (id: string, flags: BatchOutFlags & { out: string }, command: Command) => {
      await run(command, async (context) => (await load()).downloadBatch(context, id, flags));
    });
  addChangeCommands(batches, { run, say });
}

function addChangeCommands(batches: Command, { run, say }: ProgramParts): void {
  for (const change of ['pause', 'resume', 'cancel'] as const) {
    batches
      .command(`${change} <batch>`)
      .description(say(`help.batches.${change}`))
      .action(async (id: string, _flags: object, command: Command) => {
        await run(command, async (context) => (await load()).changeBatch(context, id, change));
      });
  }
}
