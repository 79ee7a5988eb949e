import { Command } from 'commander';
import { language } from './flags.ts';
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
    .option('--lang <language>', 'en, zh or zh-TW (default: LANG)', language)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(comfleet --help shows the commands)');
  addServerCommands(program, run);
  addTaskCommands(program, run);
  addFleetCommands(program, run);
  describeArguments(program);
  return program;
}

/** What the arguments of all commands are, by their name in the usage line. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  'workflow|graph.json': 'name of a workflow, a task type, or a file ending in .json',
  workflow: 'its name, or a task type',
  task: 'its id',
  tasks: 'their ids',
  prompt: 'id of a prompt or of a task',
  batch: 'its id or name',
  worker: 'its name or id',
  workers: 'their names or ids',
  client: 'its name or id',
  grants: 'admin, raw_graph',
  url: 'address of a ComfyUI server, such as http://127.0.0.1:8188',
  file: 'a graph in API format',
  name: 'a name',
};

function describeArguments(command: Command): void {
  for (const argument of command.registeredArguments)
    argument.description ||= ARGUMENTS[argument.name()] ?? '';
  for (const child of command.commands) describeArguments(child);
}
