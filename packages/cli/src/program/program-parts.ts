import type { Say } from '@comfleet/contract/texts/catalogue';
import type { HELP_TEXTS } from '@comfleet/contract/texts/help';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';

/** Runs what a command does, with its context, and keeps the exit status it gives. */
export type RunCommand = (
  command: Command,
  work: (context: CommandContext) => Promise<number>,
) => Promise<void>;

/** The texts of help pages in the reader's language. */
export type SayHelp = Say<typeof HELP_TEXTS.en>;

/** What the commands of the program are made with. */
export interface ProgramParts {
  readonly run: RunCommand;
  readonly say: SayHelp;
}
