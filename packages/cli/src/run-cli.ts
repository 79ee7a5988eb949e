import type { Command } from 'commander';
import { CommanderError } from 'commander';
import type { GlobalOptions } from './context.ts';
import { EXIT } from './exit-codes.ts';
import type { Terminal } from './platform/terminal.ts';
import { createProgram } from './program/create-program.ts';

/** Runs one command line (without the program's own name) and gives its exit status. Never throws. */
export async function runCli(args: readonly string[], terminal: Terminal, version: string): Promise<number> {
  let status: number = EXIT.ok;
  const program = createProgram(async (command, work) => {
    const options = command.optsWithGlobals<GlobalOptions>();
    const { createContext } = await import('./context.ts');
    try {
      status = await work(createContext(terminal, options));
    } catch (error) {
      const { explainFailure } = await import('./explain-failure.ts');
      status = await explainFailure(error, terminal, options);
    }
  }, version);
  takeOver(program, terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** Commander writes through our terminal and throws instead of ending the process; so do its subcommands. */
function takeOver(command: Command, terminal: Terminal): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => terminal.out(text.trimEnd()),
    writeErr: (text) => terminal.err(text.trimEnd()),
  });
  for (const child of command.commands) takeOver(child, terminal);
}
