import type { Command } from 'commander';
import type { AnnounceFlags, WorkerFlags } from '../commands/change-workers.ts';
import type { AccessFlags } from '../commands/worker-access.ts';
import { choice, collect, positive, whole } from './flags.ts';
import type { ProgramParts, SayHelp } from './program-parts.ts';

const load = () => import('../commands/change-workers.ts');

/** workers add, set, remove, drain, resume, maintenance, enable, disable, refresh, announce. */
export function addChangeWorkerCommands(workers: Command, parts: ProgramParts): void {
  addMembershipCommands(workers, parts);
  addOverrideCommands(workers, parts);
  addAnnounceCommand(workers, parts);
}

function addMembershipCommands(workers: Command, { run, say }: ProgramParts): void {
  withAccess(withSettings(workers.command('add <url>'), say), say)
    .description(say('help.workers.add'))
    .option('--name <name>', say('flag.worker_name'))
    .action(async (url: string, flags: WorkerFlags & AccessFlags, command: Command) => {
      await run(command, async (context) => (await load()).addWorker(context, url, flags));
    });
  withAccess(withSettings(workers.command('set <worker>'), say), say)
    .description(say('help.workers.set'))
    .option('--no-auth', say('flag.no_auth'))
    .action(async (worker: string, flags: WorkerFlags & AccessFlags, command: Command) => {
      await run(command, async (context) => (await load()).setWorker(context, worker, flags));
    });
  workers
    .command('remove <worker>')
    .description(say('help.workers.remove'))
    .option('--move', say('flag.move'))
    .action(async (worker: string, flags: { move?: boolean }, command: Command) => {
      const mode = flags.move === true ? 'move' : 'wait';
      await run(command, async (context) => (await load()).removeWorker(context, worker, mode));
    });
}

function addOverrideCommands(workers: Command, { run, say }: ProgramParts): void {
  for (const [name, override] of [
    ['drain', { draining: true }],
    ['resume', { maintenance: false, draining: false }],
    ['enable', { enabled: true }],
    ['disable', { enabled: false }],
  ] as const) {
    workers
      .command(`${name} <worker>`)
      .description(say(`help.workers.${name}`))
      .action(async (worker: string, _flags: object, command: Command) => {
        await run(command, async (context) => (await load()).overrideWorker(context, worker, override));
      });
  }
  workers
    .command('maintenance <worker>')
    .description(say('help.workers.maintenance'))
    .option('--off', say('flag.off'))
    .action(async (worker: string, flags: { off?: boolean }, command: Command) => {
      const override = { maintenance: flags.off !== true };
      await run(command, async (context) => (await load()).overrideWorker(context, worker, override));
    });
  workers
    .command('refresh <worker>')
    .description(say('help.workers.refresh'))
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).refreshWorker(context, worker));
    });
}

function addAnnounceCommand(workers: Command, { run, say }: ProgramParts): void {
  withSettings(workers.command('announce <url>'), say)
    .description(say('help.workers.announce'))
    .option('--server <url>', say('flag.server'))
    .option('--udp <host:port>', say('flag.udp'))
    .option('--token-env <name>', say('flag.join_token_env'), 'COMFLEET_JOIN_TOKEN')
    .option('--name <name>', say('flag.worker_name'))
    .action(async (url: string, flags: AnnounceFlags, command: Command) => {
      await run(command, async (context) => (await load()).announce(context, url, flags));
    });
}

function withSettings(command: Command, say: SayHelp): Command {
  return command
    .option('--max-concurrent <n>', say('flag.max_concurrent'), whole(1, 100))
    .option('--capability <type>', say('flag.capability'), collect)
    .option('--label <label>', say('flag.label'), collect)
    .option('--group <group>', say('flag.group'), choice('primary', 'backup'))
    .option('--weight <number>', say('flag.weight'), positive)
    .option('--priority <n>', say('flag.worker_priority'), whole(1, 10))
    .option('--metadata <name=value>', say('flag.metadata'), collect);
}

/** For a worker behind a proxy. */
function withAccess(command: Command, say: SayHelp): Command {
  return command
    .option('--user <name>', say('flag.user'))
    .option('--password-env <variable>', say('flag.password_env'))
    .option('--token-env <variable>', say('flag.token_env'))
    .option('--header-env <name=variable>', say('flag.header_env'), collect)
    .option('--ca-file <file>', say('flag.ca_file'))
    .option('--no-verify', say('flag.no_verify'));
}
