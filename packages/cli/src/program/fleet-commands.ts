import type { Command } from 'commander';
import type { ModelFlags } from '../commands/models.ts';
import { addChangeWorkerCommands } from './change-worker-commands.ts';
import { collect, whole } from './flags.ts';
import type { RunCommand } from './run-command.ts';

/** workers, models, fleet, strategy, workflows, clients. */
export function addFleetCommands(program: Command, run: RunCommand): void {
  addWorkerCommands(program, run);
  addModelCommands(program, run);
  addBalancingCommands(program, run);
  addWorkflowCommands(program, run);
  addClientCommands(program, run);
}

function addWorkerCommands(program: Command, run: RunCommand): void {
  const workers = program.command('workers').description('the ComfyUI servers of the fleet');
  workers
    .command('list')
    .description('all workers with state and load')
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/workers.ts')).listWorkers(context));
    });
  workers
    .command('show <worker>')
    .description('one worker, by name or id')
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workers.ts')).showWorker(context, worker),
      );
    });
  workers
    .command('check [workers...]')
    .description('ask workers now whether they answer; all without a name')
    .action(async (names: string[], _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workers.ts')).checkWorkers(context, names),
      );
    });
  workers
    .command('accept <worker>')
    .description('use the ComfyUI that now answers there in place of the former one')
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workers.ts')).acceptWorker(context, worker),
      );
    });
  workers
    .command('events [worker]')
    .description('what happened to a worker, or to all, newest first')
    .option('--limit <n>', 'show at most this many', whole(1, 500), 50)
    .action(async (worker: string | undefined, flags: { limit: number }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workers.ts')).listWorkerEvents(context, worker, flags.limit),
      );
    });
  addChangeWorkerCommands(workers, run);
}

function addModelCommands(program: Command, run: RunCommand): void {
  program
    .command('models')
    .description('the files of models, and which workers have them')
    .option('--folder <folder>', 'of this folder, such as checkpoints')
    .option('--kind <kind>', 'of this kind, such as sd1, sdxl or flux')
    .option('--worker <name>', 'that this worker has')
    .action(async (flags: ModelFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/models.ts')).listModels(context, flags),
      );
    });
}

function addBalancingCommands(program: Command, run: RunCommand): void {
  program
    .command('fleet')
    .description('the fleet as a whole')
    .command('stats')
    .description('workers by state, capacity, load, free slots')
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/fleet.ts')).showStats(context));
    });
  const strategy = program.command('strategy').description('how a worker is chosen');
  strategy
    .command('show')
    .description('the strategy in force, and what decides it')
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/fleet.ts')).showStrategy(context));
    });
  strategy
    .command('set <name>')
    .description('change it now and for good; "file" lets the server’s file decide again')
    .action(async (name: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/fleet.ts')).setStrategy(context, name),
      );
    });
}

function addWorkflowCommands(program: Command, run: RunCommand): void {
  const workflows = program.command('workflows').description('the named workflows');
  workflows
    .command('list')
    .description('all workflows and whether they can run now')
    .option('--type <type>', 'of this task type')
    .action(async (flags: { type?: string }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).listWorkflows(context, flags),
      );
    });
  workflows
    .command('show <workflow>')
    .description('its parameters with limits and defaults')
    .action(async (name: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).showWorkflow(context, name),
      );
    });
  workflows
    .command('validate <workflow>')
    .description('check values; runs nothing')
    .option('--param <name=value>', 'a value; may be repeated', collect)
    .action(async (name: string, flags: { param?: string[] }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).validateWorkflow(context, name, flags),
      );
    });
  workflows
    .command('estimates')
    .description('how far off the estimates of tasks were')
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).listEstimates(context),
      );
    });
  workflows
    .command('analyse <file>')
    .description('describe a graph’s file; needs no server')
    .action(async (file: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).analyseWorkflowFile(context, file),
      );
    });
}

function addClientCommands(program: Command, run: RunCommand): void {
  const clients = program.command('clients').description('the programs that may use the server');
  clients
    .command('register <name>')
    .description('make a client; its secret is shown this once')
    .option('--description <text>', 'what it is for')
    .action(async (name: string, flags: { description?: string }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/clients.ts')).registerClient(context, name, flags),
      );
    });
  clients
    .command('list')
    .description('all clients')
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/clients.ts')).listClients(context));
    });
  clients
    .command('revoke <client>')
    .description('end a client; its tokens are refused at once')
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/clients.ts')).revokeClient(context, id),
      );
    });
  clients
    .command('grant <client> [grants...]')
    .description('set what it may do beside its own tasks: admin, raw_graph; none takes all away')
    .action(async function (this: Command, id: string, grants: string[]) {
      await run(this, async (context) =>
        (await import('../commands/clients.ts')).grantClient(context, id, grants),
      );
    });
}
