import type { Command } from 'commander';
import type { BatchFlags } from '../commands/batch.ts';
import type { BundleFlags } from '../commands/debug-bundle.ts';
import type { RunFlags } from '../commands/run.ts';
import type { DecideFlags, ListFlags } from '../commands/tasks.ts';
import { addBatchesCommands, describeNames } from './batch-commands.ts';
import { collect, seconds, whole } from './flags.ts';
import type { ProgramParts, SayHelp } from './program-parts.ts';

const INDEX = whole(0, 100_000);

/** run, batch, batches, tasks, debug. */
export function addTaskCommands(program: Command, { run, say }: ProgramParts): void {
  addSubmitFlags(program.command('run').description(say('help.run')).argument('<workflow|graph.json>'), say)
    .option('--out <dir>', say('flag.out'))
    .option('--no-wait', say('flag.run_no_wait'))
    .option('--silence <seconds>', say('flag.silence'), seconds, 60)
    .action(async (target: string, flags: RunFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/run.ts')).runTask(context, target, flags),
      );
    });

  addSubmitFlags(program.command('batch').description(say('help.batch')).argument('<workflow>'), say)
    .option('--file <file>', say('flag.file'))
    .option('--description <text>', say('flag.description'), collect)
    .option('--images-per-description <count>', say('flag.images_per_description'), whole(1, 100), 4)
    .option('--fixed-seed', say('flag.fixed_seed'))
    .option('--out <dir>', say('flag.batch_out'))
    .option('--names <pattern>', describeNames(say))
    .option('--no-wait', say('flag.batch_no_wait'))
    .option('--no-keep-going', say('flag.no_keep_going'))
    .action(async (workflow: string, flags: BatchFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/batch.ts')).runBatch(context, workflow, flags),
      );
    });

  addBatchesCommands(program, { run, say });
  addTasksCommands(program, { run, say });
  addDebugCommands(program, { run, say });
}

function addSubmitFlags(command: Command, say: SayHelp): Command {
  return command
    .option('--param <name=value>', say('flag.run_param'), collect)
    .option('--seed <number>', say('flag.seed'))
    .option('--name <text>', say('flag.run_name'))
    .option(
      '--file-name <pattern>',
      say('flag.file_name', { placeholders: '{prefix} {task} {index} {time}' }),
    )
    .option('--output-path <dir>', say('flag.output_path'))
    .option('--project <project>', say('flag.project'))
    .option('--priority <number>', say('flag.priority'), whole(1, 10))
    .option('--timeout <seconds>', say('flag.timeout'), seconds);
}

function addTasksCommands(program: Command, { run, say }: ProgramParts): void {
  const tasks = program.command('tasks').description(say('help.tasks'));
  tasks
    .command('list')
    .description(say('help.tasks.list'))
    .option('--status <status>', say('flag.status'))
    .option('--held <reason>', say('flag.held'))
    .option('--type <type>', say('flag.type'))
    .option('--worker <worker>', say('flag.task_worker'))
    .option('--batch <id>', say('flag.task_batch'))
    .option('--project <project>', say('flag.of_project'))
    .option('--limit <count>', say('flag.count'), whole(1, 10_000), 20)
    .action(async (flags: ListFlags, command: Command) => {
      await run(command, async (context) => (await import('../commands/tasks.ts')).listTasks(context, flags));
    });
  tasks
    .command('show <task>')
    .description(say('help.tasks.show'))
    .option('--traceback', say('flag.traceback'))
    .action(async (id: string, flags: { traceback?: boolean }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/show-task.ts')).showTask(context, id, flags),
      );
    });
  addExplainCommands(tasks, { run, say });
  tasks
    .command('watch <task>')
    .description(say('help.tasks.watch'))
    .option('--silence <seconds>', say('flag.silence'), seconds, 60)
    .action(async (id: string, flags: { silence: number }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/tasks.ts')).watchTask(context, id, flags),
      );
    });
  addChangeCommands(tasks, { run, say });
  tasks
    .command('download <task>')
    .description(say('help.tasks.download'))
    .option('--out <dir>', say('flag.folder'), '.')
    .option('--index <number>', say('flag.index'), INDEX)
    .action(async (id: string, flags: { out: string; index?: number }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/tasks.ts')).downloadResults(context, id, flags),
      );
    });
}

/** Commands that change a task. */
function addChangeCommands(tasks: Command, { run, say }: ProgramParts): void {
  tasks
    .command('cancel <tasks...>')
    .description(say('help.tasks.cancel'))
    .action(async (ids: string[], _flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/tasks.ts')).cancelTasks(context, ids));
    });
  tasks
    .command('retry <task>')
    .description(say('help.tasks.retry'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/tasks.ts')).retryTask(context, id));
    });
  tasks
    .command('decide <task>')
    .description(say('help.tasks.decide'))
    .option('--run-again', say('flag.run_again'))
    .option('--give-up', say('flag.give_up'))
    .action(async (id: string, flags: DecideFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/tasks.ts')).decideTask(context, id, flags),
      );
    });
}

/** Why a task is where it is, and how it came there. */
function addExplainCommands(tasks: Command, { run, say }: ProgramParts): void {
  tasks
    .command('why <task>')
    .description(say('help.tasks.why'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/why.ts')).explainTask(context, id));
    });
  tasks
    .command('attempts <task>')
    .description(say('help.tasks.attempts'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/attempts.ts')).listAttempts(context, id),
      );
    });
}

function addDebugCommands(program: Command, { run, say }: ProgramParts): void {
  const debug = program.command('debug').description(say('help.debug'));
  debug
    .command('pending')
    .description(say('help.debug.pending'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/debug.ts')).showPending(context));
    });
  debug
    .command('check <prompt>')
    .description(say('help.debug.check'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/debug.ts')).checkTask(context, id));
    });
  debug
    .command('check-all')
    .description(say('help.debug.check_all'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/debug.ts')).checkAllTasks(context));
    });
  debug
    .command('reset-connection <worker>')
    .description(say('help.debug.reset_connection'))
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/debug.ts')).resetConnection(context, worker),
      );
    });
  debug
    .command('bundle <task>')
    .description(say('help.debug.bundle'))
    .option('--out <file>', say('flag.bundle_out'))
    .option('--lines <count>', say('flag.lines'), whole(1, 5000), 200)
    .action(async (taskId: string, flags: BundleFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/debug-bundle.ts')).writeBundle(context, taskId, flags),
      );
    });
}
