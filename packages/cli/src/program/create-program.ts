import { Command } from 'commander';
import { addFleetCommands } from './fleet-commands.ts';
import type { RunCommand } from './run-command.ts';
import { addServerCommands } from './server-commands.ts';
import { addTaskCommands } from './task-commands.ts';

/** The command line: names, flags and help. What a command does is loaded only when it runs. */
export function createProgram(run: RunCommand, version: string): Command {
  const program = new Command('comfleet')
    .description('Makes ComfyUI dependable: a fleet of servers, every task followed to its exact end.')
    .version(version)
    .option('--url <url>', 'the server (COMFLEET_URL; default: the one whose credential is found)')
    .option('--token <token>', 'the bearer token (COMFLEET_TOKEN; default: the credential found)')
    .option('--data <dir>', 'the data folder (COMFLEET_DATA; default: ./.comfleet)')
    .option('--json', 'results as JSON on stdout')
    .option('--lang <language>', 'en, zh or zh-TW (default: LANG)')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(comfleet --help shows the commands)');
  addServerCommands(program, run);
  addTaskCommands(program, run);
  addFleetCommands(program, run);
  return program;
}
