import type { Command } from 'commander';
import type { BatchFlags } from '../commands/batch.ts';
import type { BundleFlags } from '../commands/debug-bundle.ts';
import type { RunFlags } from '../commands/run.ts';
import type { DecideFlags, ListFlags } from '../commands/tasks.ts';
import { addBatchesCommands, NAMES_HELP } from './batch-commands.ts';
import { collect, seconds, whole } from './flags.ts';
import type { RunCommand } from './run-command.ts';

const INDEX = whole(0, 100_000);

/** run, batch, batches, tasks, debug. */
export function addTaskCommands(program: Command, run: RunCommand): void {
  addSubmitFlags(
    program
      .command('run')
      .description('run one task: a named workflow, or a graph in API format (a file ending in .json)')
      .argument('<workflow|graph.json>'),
  )
    .option('--out <dir>', 'save the results here')
    .option('--no-wait', 'print the task’s id and leave')
    .option('--silence <seconds>', 'warn after this many seconds without a message; 0 never', seconds, 60)
    .action(async (target: string, flags: RunFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/run.ts')).runTask(context, target, flags),
      );
    });

  addSubmitFlags(
    program.command('batch').description('run a workflow for many descriptions').argument('<workflow>'),
  )
    .option('--file <file>', 'descriptions, one a line; lines beginning with # do not count')
    .option('--description <text>', 'a description; may be repeated', collect)
    .option('--images-per-description <count>', 'how many of each', whole(1, 100), 4)
    .option('--fixed-seed', 'the same seed for every item')
    .option('--out <dir>', 'save the results here, with a manifest')
    .option('--names <pattern>', NAMES_HELP)
    .option('--no-wait', 'print the batch’s id and leave')
    .option('--no-keep-going', 'cancel the rest after the first failure')
    .action(async (workflow: string, flags: BatchFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/batch.ts')).runBatch(context, workflow, flags),
      );
    });

  addBatchesCommands(program, run);
  addTasksCommands(program, run);
  addDebugCommands(program, run);
}

function addSubmitFlags(command: Command): Command {
  return command
    .option(
      '--param <name=value>',
      'a parameter of the workflow, or NODE.input=value of a graph; repeat',
      collect,
    )
    .option('--seed <number>', 'the seed, up to 18446744073709551615')
    .option('--name <text>', 'a name for people')
    .option('--file-name <pattern>', 'names of results: {prefix} {task} {index} {time}')
    .option('--output-path <dir>', 'folder below the server’s output folder')
    .option('--priority <number>', '1 to 10, 10 first', whole(1, 10))
    .option('--timeout <seconds>', 'limit of the run, waiting excluded; 0 for none', seconds);
}

function addTasksCommands(program: Command, run: RunCommand): void {
  const tasks = program.command('tasks').description('the tasks');
  tasks
    .command('list')
    .description('newest first')
    .option(
      '--status <status>',
      'held, queued, running, succeeded, failed, canceled, expired; pending, processing, completed',
    )
    .option('--held <reason>', 'held for this reason: needs_decision, retry_delay, batch_paused and others')
    .option('--type <type>', 'of this task type')
    .option('--worker <worker>', 'on this worker')
    .option('--batch <id>', 'of this batch')
    .option('--limit <count>', 'how many', whole(1, 10_000), 20)
    .action(async (flags: ListFlags, command: Command) => {
      await run(command, async (context) => (await import('../commands/tasks.ts')).listTasks(context, flags));
    });
  tasks
    .command('show <task>')
    .description('one task with its attempts and results')
    .option('--traceback', 'also the traceback of the node that failed')
    .action(async (id: string, flags: { traceback?: boolean }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/tasks.ts')).showTask(context, id, flags),
      );
    });
  addExplainCommands(tasks, run);
  tasks
    .command('watch <task>')
    .description('follow a task to its end; with --json one frame a line')
    .option('--silence <seconds>', 'warn after this many seconds without a message; 0 never', seconds, 60)
    .action(async (id: string, flags: { silence: number }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/tasks.ts')).watchTask(context, id, flags),
      );
    });
  addChangeCommands(tasks, run);
  tasks
    .command('download <task>')
    .description('save the results of a task')
    .option('--out <dir>', 'the folder', '.')
    .option('--index <number>', 'only this result', INDEX)
    .action(async (id: string, flags: { out: string; index?: number }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/tasks.ts')).downloadResults(context, id, flags),
      );
    });
}

/** Commands that change a task. */
function addChangeCommands(tasks: Command, run: RunCommand): void {
  tasks
    .command('cancel <tasks...>')
    .description('cancel tasks')
    .action(async (ids: string[], _flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/tasks.ts')).cancelTasks(context, ids));
    });
  tasks
    .command('retry <task>')
    .description('run a task again with all its parameters, as a new task')
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/tasks.ts')).retryTask(context, id));
    });
  tasks
    .command('decide <task>')
    .description('say whether a task with paid nodes that may have run is sent again')
    .option('--run-again', 'send it again; it may be paid for once more')
    .option('--give-up', 'let it fail with what happened to it')
    .action(async (id: string, flags: DecideFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/tasks.ts')).decideTask(context, id, flags),
      );
    });
}

/** Why a task is where it is, and how it came there. */
function addExplainCommands(tasks: Command, run: RunCommand): void {
  tasks
    .command('why <task>')
    .description('why a task waits, worker by worker, or why it runs where it does')
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/why.ts')).explainTask(context, id));
    });
  tasks
    .command('attempts <task>')
    .description('every try of a task: worker, prompt, ending and timings')
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/attempts.ts')).listAttempts(context, id),
      );
    });
}

function addDebugCommands(program: Command, run: RunCommand): void {
  const debug = program.command('debug').description('find out why a task does not end');
  debug
    .command('pending')
    .description('open tasks with age, workflow, worker and connection')
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/debug.ts')).showPending(context));
    });
  debug
    .command('check <prompt>')
    .description('ask the worker about one task now, by prompt id or task id')
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/debug.ts')).checkTask(context, id));
    });
  debug
    .command('check-all')
    .description('the same for every open task')
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/debug.ts')).checkAllTasks(context));
    });
  debug
    .command('reset-connection <worker>')
    .description('close a worker’s socket and reconnect, by name or id; its tasks go on')
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/debug.ts')).resetConnection(context, worker),
      );
    });
  debug
    .command('bundle <task>')
    .description('all that is known about one task in one JSON file, without secrets')
    .option('--out <file>', 'where to write it (default: comfleet-TASK.json)')
    .option('--lines <count>', 'lines of ComfyUI’s log', whole(1, 5000), 200)
    .action(async (taskId: string, flags: BundleFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/debug-bundle.ts')).writeBundle(context, taskId, flags),
      );
    });
}
