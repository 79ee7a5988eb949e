import type { Command } from 'commander';
import { UsageError } from '../exit-codes.ts';
import { collect } from './flags.ts';

/** A value that the parser of a flag refuses is told with the flag, which only the command knows. */
export function nameRefusedFlags(command: Command): void {
  for (const option of command.options) {
    const { parseArg, flags: flag } = option;
    if (parseArg === undefined || parseArg === collect) continue;
    option.argParser((value: string, before: unknown) => {
      try {
        return parseArg(value, before);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        throw new UsageError([{ code: 'usage.bad_value', params: { flag, value } }, ...error.texts]);
      }
    });
  }
  for (const child of command.commands) nameRefusedFlags(child);
}
