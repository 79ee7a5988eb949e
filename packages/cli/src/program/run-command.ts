import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';

/** Runs what a command does, with its context, and keeps the exit status it gives. */
export type RunCommand = (
  command: Command,
  work: (context: CommandContext) => Promise<number>,
) => Promise<void>;
