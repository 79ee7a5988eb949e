import type { Command } from 'commander';
import type { ModelFlags } from '../commands/models.ts';
import { addChangeWorkerCommands } from './change-worker-commands.ts';
import { collect, whole } from './flags.ts';
import { addPolicyCommands } from './policy-commands.ts';
import type { ProgramParts } from './program-parts.ts';

/** workers, models, fleet, strategy, workflows, policies. */
export function addFleetCommands(program: Command, parts: ProgramParts): void {
  addWorkerCommands(program, parts);
  addModelCommands(program, parts);
  addBalancingCommands(program, parts);
  addWorkflowCommands(program, parts);
  addPolicyCommands(program, parts);
}

function addWorkerCommands(program: Command, { run, say }: ProgramParts): void {
  const workers = program.command('workers').description(say('help.workers'));
  workers
    .command('list')
    .description(say('help.workers.list'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/workers.ts')).listWorkers(context));
    });
  workers
    .command('show <worker>')
    .description(say('help.workers.show'))
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workers.ts')).showWorker(context, worker),
      );
    });
  workers
    .command('check [workers...]')
    .description(say('help.workers.check'))
    .action(async (names: string[], _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workers.ts')).checkWorkers(context, names),
      );
    });
  workers
    .command('accept <worker>')
    .description(say('help.workers.accept'))
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workers.ts')).acceptWorker(context, worker),
      );
    });
  workers
    .command('events [worker]')
    .description(say('help.workers.events'))
    .option('--limit <n>', say('flag.limit'), whole(1, 500), 50)
    .action(async (worker: string | undefined, flags: { limit: number }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workers.ts')).listWorkerEvents(context, worker, flags.limit),
      );
    });
  addChangeWorkerCommands(workers, { run, say });
}

function addModelCommands(program: Command, { run, say }: ProgramParts): void {
  program
    .command('models')
    .description(say('help.models'))
    .option('--folder <folder>', say('flag.model_folder'))
    .option('--kind <kind>', say('flag.kind'))
    .option('--worker <name>', say('flag.model_worker'))
    .action(async (flags: ModelFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/models.ts')).listModels(context, flags),
      );
    });
}

function addBalancingCommands(program: Command, { run, say }: ProgramParts): void {
  program
    .command('fleet')
    .description(say('help.fleet'))
    .command('stats')
    .description(say('help.fleet.stats'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/fleet.ts')).showStats(context));
    });
  const strategy = program.command('strategy').description(say('help.strategy'));
  strategy
    .command('show')
    .description(say('help.strategy.show'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/fleet.ts')).showStrategy(context));
    });
  strategy
    .command('set <name>')
    .description(say('help.strategy.set'))
    .action(async (name: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/fleet.ts')).setStrategy(context, name),
      );
    });
}

function addWorkflowCommands(program: Command, { run, say }: ProgramParts): void {
  const workflows = program.command('workflows').description(say('help.workflows'));
  workflows
    .command('list')
    .description(say('help.workflows.list'))
    .option('--type <type>', say('flag.type'))
    .action(async (flags: { type?: string }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).listWorkflows(context, flags),
      );
    });
  workflows
    .command('show <workflow>')
    .description(say('help.workflows.show'))
    .action(async (name: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).showWorkflow(context, name),
      );
    });
  workflows
    .command('validate <workflow>')
    .description(say('help.workflows.validate'))
    .option('--param <name=value>', say('flag.value'), collect)
    .action(async (name: string, flags: { param?: string[] }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).validateWorkflow(context, name, flags),
      );
    });
  workflows
    .command('estimates')
    .description(say('help.workflows.estimates'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).listEstimates(context),
      );
    });
  workflows
    .command('analyse <file>')
    .description(say('help.workflows.analyse'))
    .action(async (file: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/workflows.ts')).analyseWorkflowFile(context, file),
      );
    });
}
