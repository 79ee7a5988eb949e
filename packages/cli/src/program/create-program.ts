import type { Language } from '@comfleet/contract';
import { createSay } from '@comfleet/contract/texts/catalogue';
import { HELP_TEXTS } from '@comfleet/contract/texts/help';
import { Command } from 'commander';
import { language as languageFlag } from './flags.ts';
import { addFleetCommands } from './fleet-commands.ts';
import { configureHelpWords } from './help-words.ts';
import { nameRefusedFlags } from './name-refused-flags.ts';
import { addPeopleCommands } from './people-commands.ts';
import type { ProgramParts, RunCommand, SayHelp } from './program-parts.ts';
import { addProjectCommands } from './project-commands.ts';
import { addQuotaCommands } from './quota-commands.ts';
import { addServerCommands } from './server-commands.ts';
import { addSettingCommands } from './setting-commands.ts';
import { addStatsCommand } from './stats-command.ts';
import { addTaskCommands } from './task-commands.ts';
import { addTokenCommands } from './token-commands.ts';

/** The command line: names, flags and help in a language. What a command does is loaded only when it runs. */
export function createProgram(
  run: RunCommand,
  { version, language }: { readonly version: string; readonly language: Language },
): Command {
  const parts: ProgramParts = { run, say: createSay(HELP_TEXTS, language) };
  const { say } = parts;
  const program = configureHelpWords(new Command('comfleet'), language, say)
    .description(say('help.program'))
    .version(version, '-V, --version', say('word.version'))
    .option('--url <url>', say('flag.url'))
    .option('--token <token>', say('flag.token'))
    .option('--data <dir>', say('flag.data'))
    .option('--json', say('flag.json'))
    .option('--lang <language>', say('flag.lang'), languageFlag);
  addServerCommands(program, parts);
  addTaskCommands(program, parts);
  addFleetCommands(program, parts);
  addSettingCommands(program, parts);
  addProjectCommands(program, parts);
  addPeopleCommands(program, parts);
  addQuotaCommands(program, parts);
  addStatsCommand(program, parts);
  addTokenCommands(program, parts);
  describeArguments(program, say);
  nameRefusedFlags(program);
  return program;
}

/** What the arguments of all commands are, by their name in the usage line. */
const ARGUMENTS = {
  'workflow|graph.json': 'argument.target',
  workflow: 'argument.workflow',
  task: 'argument.task',
  tasks: 'argument.tasks',
  prompt: 'argument.prompt',
  batch: 'argument.batch',
  worker: 'argument.worker',
  workers: 'argument.workers',
  client: 'argument.client',
  user: 'argument.user',
  issuer: 'argument.issuer',
  subject: 'argument.subject',
  project: 'argument.project',
  member: 'argument.member',
  role: 'argument.role',
  session: 'argument.session',
  key: 'argument.named_token',
  invitation: 'argument.named_token',
  token: 'argument.named_token',
  grants: 'argument.grants',
  url: 'argument.url',
  file: 'argument.file',
  setting: 'argument.setting',
  value: 'argument.value',
  whose: 'argument.whose',
  limits: 'argument.limits',
  name: 'argument.name',
} as const;

function describeArguments(command: Command, say: SayHelp): void {
  for (const argument of command.registeredArguments) {
    const name = argument.name();
    if (isKnown(name)) argument.description ||= say(ARGUMENTS[name]);
  }
  for (const child of command.commands) describeArguments(child, say);
}

function isKnown(name: string): name is keyof typeof ARGUMENTS {
  return Object.hasOwn(ARGUMENTS, name);
}
