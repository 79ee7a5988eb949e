import type { Command } from 'commander';
import { CommanderError } from 'commander';
import type { GlobalOptions } from './context.ts';
import { EXIT } from './exit-codes.ts';
import type { Terminal } from './platform/terminal.ts';
import { createProgram } from './program/create-program.ts';
import { readCommanderError } from './program/read-commander-error.ts';
import { chooseLanguage, findLanguageFlag } from './texts/choose-language.ts';

/** Runs one command line (without the program's own name) and gives its exit status. Never throws. */
export async function runCli(args: readonly string[], terminal: Terminal, version: string): Promise<number> {
  let status: number = EXIT.ok;
  const lang = findLanguageFlag(args);
  const program = createProgram(
    async (command, work) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { createContext } = await import('./context.ts');
      try {
        status = await work(createContext(terminal, options));
      } catch (error) {
        status = await explain(error, terminal, options);
      }
    },
    { version, language: chooseLanguage(lang, terminal.env) },
  );
  takeOver(program, terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    const mistake = error instanceof CommanderError ? readCommanderError(error) : error;
    if (mistake !== null) return await explain(mistake, terminal, { lang, json: args.includes('--json') });
    return error instanceof CommanderError && error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

async function explain(error: unknown, terminal: Terminal, options: GlobalOptions): Promise<number> {
  const { explainFailure } = await import('./explain-failure.ts');
  return await explainFailure(error, terminal, options);
}

/** Commander writes through our terminal and throws instead of ending the process; so do its subcommands. */
function takeOver(command: Command, terminal: Terminal): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => terminal.out(text.trimEnd()),
    writeErr: (text) => terminal.err(text.trimEnd()),
    // What is wrong is said in the reader's language when it is thrown.
    outputError: () => undefined,
  });
  for (const child of command.commands) takeOver(child, terminal);
}
