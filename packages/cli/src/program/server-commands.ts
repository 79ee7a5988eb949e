import type { Command } from 'commander';
import type { DbFlags } from '../commands/db.ts';
import type { SimFlags } from '../commands/sim.ts';
import type { ServeFlags, UpFlags } from '../commands/up.ts';
import type { VerifyFlags } from '../commands/verify.ts';
import { choice, collect, whole } from './flags.ts';
import type { RunCommand } from './run-command.ts';

const PORT = whole(0, 65_535);

/** up, serve, sim, sign-in, verify, db. */
export function addServerCommands(program: Command, run: RunCommand): void {
  addServeFlags(program.command('up').description('start everything on this machine; Ctrl-C ends it'))
    .option('--simulated <count>', 'simulated workers when no ComfyUI is found; 0 for none', whole(0, 64), 2)
    .option('--no-example', 'do not run one example at the first start')
    .action(async (flags: UpFlags, command: Command) => {
      await run(command, async (context) => (await import('../commands/up.ts')).runUp(context, flags));
    });

  addServeFlags(
    program.command('serve').description('run the server as a service, with nothing simulated'),
  ).action(async (flags: ServeFlags, command: Command) => {
    await run(command, async (context) => (await import('../commands/up.ts')).runServe(context, flags));
  });

  program
    .command('sim')
    .description('a ComfyUI server without a GPU, for trying things out')
    .option('--port <port>', 'where it listens; 0 for a free one', PORT, 0)
    .option('--host <host>', 'the address it listens on')
    .option(
      '--profile <version>',
      'the ComfyUI that is acted: old, 0.3.64 or 0.33',
      choice('old', '0.3.64', '0.33'),
      '0.3.64',
    )
    .option('--step-ms <ms>', 'time of one sampling step', whole(0, 600_000))
    .option('--seed <number>', 'seeds everything random', whole(0, Number.MAX_SAFE_INTEGER))
    .option('--directory <dir>', 'keep output, input and temp files here instead of in memory')
    .option('--ledger <file>', 'append what happens to this file')
    .option('--control-port <port>', 'open the fault control on this port', PORT)
    .action(async (flags: SimFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/sim.ts')).runSimulator(context, flags),
      );
    });

  program
    .command('sign-in')
    .description('print a link that signs a browser in, once, within ten minutes')
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/sign-in.ts')).printSignInLink(context),
      );
    });

  program
    .command('verify')
    .description('check configuration, server, database, workers and one task end to end')
    .option('--config <file>', 'the configuration file to check')
    .option('--workflow <name>', 'the workflow of the task')
    .action(async (flags: VerifyFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/verify.ts')).runVerify(context, flags),
      );
    });

  addDbCommands(program, run);
}

function addServeFlags(command: Command): Command {
  return command
    .option('--host <host>', 'the address to listen on (default: 127.0.0.1)')
    .option('--port <port>', 'the port to listen on (default: 8000, or the next free one)', PORT)
    .option('--worker <url>', 'a ComfyUI server to use; may be repeated', collect)
    .option('--comfyui <dir>', 'a ComfyUI folder: start it and keep it running')
    .option('--comfyui-arg <arg>', 'an argument for that ComfyUI, such as --cpu; may be repeated', collect)
    .option(
      '--config <file>',
      'the configuration file (COMFLEET_CONFIG; default: config.yaml in the data folder)',
    );
}

function addDbCommands(program: Command, run: RunCommand): void {
  const db = program.command('db').description('the database');
  db.command('status')
    .description('version of the schema and what is pending')
    .option('--config <file>', 'the configuration file')
    .action(async (flags: DbFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/db.ts')).showDatabaseStatus(context, flags),
      );
    });
  db.command('migrate')
    .description('bring the schema up to this program')
    .option('--config <file>', 'the configuration file')
    .action(async (flags: DbFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/db.ts')).migrateSchema(context, flags),
      );
    });
  db.command('print-sql')
    .description('the whole schema as SQL')
    .requiredOption('--driver <driver>', 'sqlite, postgres or mysql', choice('sqlite', 'postgres', 'mysql'))
    .action(async (flags: { driver: 'sqlite' | 'postgres' | 'mysql' }, command: Command) => {
      await run(command, async (context) => (await import('../commands/db.ts')).printSql(context, flags));
    });
}
