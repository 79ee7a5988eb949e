import type { Command } from 'commander';
import type { DbFlags } from '../commands/db.ts';
import type { SimFlags } from '../commands/sim.ts';
import type { ServeFlags, UpFlags } from '../commands/up.ts';
import type { VerifyFlags } from '../commands/verify.ts';
import { choice, collect, whole } from './flags.ts';
import type { ProgramParts, SayHelp } from './program-parts.ts';

const PORT = whole(0, 65_535);

/** up, serve, sim, sign-in, verify, db. */
export function addServerCommands(program: Command, { run, say }: ProgramParts): void {
  addServeFlags(program.command('up').description(say('help.up')), say)
    .option('--simulated <count>', say('flag.simulated'), whole(0, 64), 2)
    .option('--no-example', say('flag.no_example'))
    .action(async (flags: UpFlags, command: Command) => {
      await run(command, async (context) => (await import('../commands/up.ts')).runUp(context, flags));
    });

  addServeFlags(program.command('serve').description(say('help.serve')), say).action(
    async (flags: ServeFlags, command: Command) => {
      await run(command, async (context) => (await import('../commands/up.ts')).runServe(context, flags));
    },
  );

  program
    .command('sim')
    .description(say('help.sim'))
    .option('--port <port>', say('flag.sim_port'), PORT, 0)
    .option('--host <host>', say('flag.sim_host'))
    .option('--profile <version>', say('flag.profile'), choice('old', '0.3.64', '0.33'), '0.3.64')
    .option('--step-ms <ms>', say('flag.step_ms'), whole(0, 600_000))
    .option('--seed <number>', say('flag.sim_seed'), whole(0, Number.MAX_SAFE_INTEGER))
    .option('--directory <dir>', say('flag.directory'))
    .option('--ledger <file>', say('flag.ledger'))
    .option('--control-port <port>', say('flag.control_port'), PORT)
    .action(async (flags: SimFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/sim.ts')).runSimulator(context, flags),
      );
    });

  program
    .command('sign-in')
    .description(say('help.sign_in'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/sign-in.ts')).printSignInLink(context),
      );
    });

  program
    .command('verify')
    .description(say('help.verify'))
    .option('--config <file>', say('flag.verify_config'))
    .option('--workflow <name>', say('flag.verify_workflow'))
    .action(async (flags: VerifyFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/verify.ts')).runVerify(context, flags),
      );
    });

  addDbCommands(program, { run, say });
}

function addServeFlags(command: Command, say: SayHelp): Command {
  return command
    .option('--host <host>', say('flag.serve_host'))
    .option('--port <port>', say('flag.serve_port'), PORT)
    .option('--worker <url>', say('flag.serve_worker'), collect)
    .option('--comfyui <dir>', say('flag.comfyui'))
    .option('--comfyui-arg <arg>', say('flag.comfyui_arg'), collect)
    .option('--config <file>', say('flag.serve_config'));
}

function addDbCommands(program: Command, { run, say }: ProgramParts): void {
  const db = program.command('db').description(say('help.db'));
  db.command('status')
    .description(say('help.db.status'))
    .option('--config <file>', say('flag.config'))
    .action(async (flags: DbFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/db.ts')).showDatabaseStatus(context, flags),
      );
    });
  db.command('migrate')
    .description(say('help.db.migrate'))
    .option('--config <file>', say('flag.config'))
    .action(async (flags: DbFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/db.ts')).migrateSchema(context, flags),
      );
    });
  db.command('print-sql')
    .description(say('help.db.print_sql'))
    .requiredOption('--driver <driver>', say('flag.driver'), choice('sqlite', 'postgres', 'mysql'))
    .action(async (flags: { driver: 'sqlite' | 'postgres' | 'mysql' }, command: Command) => {
      await run(command, async (context) => (await import('../commands/db.ts')).printSql(context, flags));
    });
}
