import type { Command } from 'commander';
import { collect } from './flags.ts';
import type { RunCommand } from './run-command.ts';

/** workers, workflows, clients. */
export function addFleetCommands(program: Command, run: RunCommand): void {
  addWorkerCommands(program, run);
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
