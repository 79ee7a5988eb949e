import type { Command } from 'commander';
import type { BatchOutFlags } from '../progress/follow-batch.ts';
import { whole } from './flags.ts';
import type { RunCommand } from './run-command.ts';

export const NAMES_HELP = 'names of the files: {index} {seed} {prompt} (default: "{index}-{seed}-{prompt}")';

const load = () => import('../commands/batches.ts');

/** batches list, show, watch, pause, resume, cancel, download. */
export function addBatchesCommands(program: Command, run: RunCommand): void {
  const batches = program.command('batches').description('the batches');
  batches
    .command('list')
    .description('newest first')
    .option('--limit <count>', 'how many', whole(1, 10_000), 20)
    .action(async (flags: { limit: number }, command: Command) => {
      await run(command, async (context) => (await load()).listBatches(context, flags));
    });
  batches
    .command('show <batch>')
    .description('a batch with its items in their order')
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).showBatch(context, id));
    });
  batches
    .command('watch <batch>')
    .description('follow a batch to its end')
    .option('--out <dir>', 'save the results here, those that are done already too, with a manifest')
    .option('--names <pattern>', NAMES_HELP)
    .action(async (id: string, flags: BatchOutFlags, command: Command) => {
      await run(command, async (context) => (await load()).watchBatch(context, id, flags));
    });
  batches
    .command('download <batch>')
    .description('save the results that are done and not there yet, with a manifest')
    .option('--out <dir>', 'the folder', '.')
    .option('--names <pattern>', NAMES_HELP)
    .action(async (id: string, flags: BatchOutFlags & { out: string }, command: Command) => {
      await run(command, async (context) => (await load()).downloadBatch(context, id, flags));
    });
  addChangeCommands(batches, run);
}

const CHANGES = [
  ['pause', 'start no further item; what runs finishes'],
  ['resume', 'go on with a paused batch'],
  ['cancel', 'end all of its items that have not ended'],
] as const;

function addChangeCommands(batches: Command, run: RunCommand): void {
  for (const [change, description] of CHANGES) {
    batches
      .command(`${change} <batch>`)
      .description(description)
      .action(async (id: string, _flags: object, command: Command) => {
        await run(command, async (context) => (await load()).changeBatch(context, id, change));
      });
  }
}
