import type { Command } from 'commander';
import type { AnnounceFlags, WorkerFlags } from '../commands/change-workers.ts';
import type { AccessFlags } from '../commands/worker-access.ts';
import { choice, collect, positive, whole } from './flags.ts';
import type { RunCommand } from './run-command.ts';

const load = () => import('../commands/change-workers.ts');

/** workers add, set, remove, drain, resume, maintenance, enable, disable, refresh, announce. */
export function addChangeWorkerCommands(workers: Command, run: RunCommand): void {
  addMembershipCommands(workers, run);
  addSwitchCommands(workers, run);
  addAnnounceCommand(workers, run);
}

function addMembershipCommands(workers: Command, run: RunCommand): void {
  withAccess(withSettings(workers.command('add <url>')))
    .description('take a ComfyUI server in; it must answer')
    .option('--name <name>', 'its name; default host and port')
    .action(async (url: string, flags: WorkerFlags & AccessFlags, command: Command) => {
      await run(command, async (context) => (await load()).addWorker(context, url, flags));
    });
  withAccess(withSettings(workers.command('set <worker>')))
    .description('change what the flags say; workers of the server’s file are changed there')
    .option('--no-auth', 'send no login any more')
    .action(async (worker: string, flags: WorkerFlags & AccessFlags, command: Command) => {
      await run(command, async (context) => (await load()).setWorker(context, worker, flags));
    });
  workers
    .command('remove <worker>')
    .description('take it out when its tasks are done')
    .option('--move', 'now; its tasks move to others')
    .action(async (worker: string, flags: { move?: boolean }, command: Command) => {
      const mode = flags.move === true ? 'move' : 'wait';
      await run(command, async (context) => (await load()).removeWorker(context, worker, mode));
    });
}

function addSwitchCommands(workers: Command, run: RunCommand): void {
  workers
    .command('drain <worker>')
    .description('let it finish its tasks and accept no new ones')
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).drainWorker(context, worker));
    });
  workers
    .command('resume <worker>')
    .description('end drain and maintenance')
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).resumeWorker(context, worker));
    });
  workers
    .command('maintenance <worker>')
    .description('take it out of service for longer; it does not become offline')
    .option('--off', 'back into service')
    .action(async (worker: string, flags: { off?: boolean }, command: Command) => {
      await run(command, async (context) =>
        (await load()).maintainWorker(context, worker, flags.off !== true),
      );
    });
  for (const [name, isOn] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    workers
      .command(`${name} <worker>`)
      .description(isOn ? 'let it take work, whatever the file says' : 'let it take no work')
      .action(async (worker: string, _flags: object, command: Command) => {
        await run(command, async (context) => (await load()).enableWorker(context, worker, isOn));
      });
  }
  workers
    .command('refresh <worker>')
    .description('ask it now which node classes and models it has')
    .action(async (worker: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).refreshWorker(context, worker));
    });
}

function addAnnounceCommand(workers: Command, run: RunCommand): void {
  withSettings(workers.command('announce <url>'))
    .description(
      'on a worker’s machine: register the ComfyUI at this address with the join token, until Ctrl-C',
    )
    .option('--server <url>', 'the Comfleet server')
    .option('--udp <host:port>', 'signed datagrams to this address, or broadcast, instead')
    .option('--token-env <name>', 'environment variable with the join token', 'COMFLEET_JOIN_TOKEN')
    .option('--name <name>', 'its name; default host and port')
    .action(async (url: string, flags: AnnounceFlags, command: Command) => {
      await run(command, async (context) => (await load()).announce(context, url, flags));
    });
}

function withSettings(command: Command): Command {
  return command
    .option('--max-concurrent <n>', 'most tasks at a time', whole(1, 100))
    .option('--capability <type>', 'a task type it takes; may be repeated', collect)
    .option('--label <label>', 'a label; may be repeated', collect)
    .option(
      '--group <group>',
      'primary or backup; a backup is used only where no primary one can',
      choice('primary', 'backup'),
    )
    .option('--weight <number>', 'for the strategy weighted', positive)
    .option('--priority <n>', '1 to 10, 10 is taken first by priority_based', whole(1, 10))
    .option('--metadata <name=value>', 'anything worth showing; may be repeated', collect);
}

/** For a worker behind a proxy. */
function withAccess(command: Command): Command {
  return command
    .option('--user <name>', 'user name that its proxy asks for')
    .option('--password-env <variable>', 'environment variable with the password')
    .option('--token-env <variable>', 'environment variable with a bearer token')
    .option(
      '--header-env <name=variable>',
      'a header to send, from the environment; may be repeated',
      collect,
    )
    .option('--ca-file <file>', 'PEM of the authority, or of its own certificate, to trust')
    .option('--no-verify', 'accept every certificate, also an attacker’s');
}
