import type { Language } from '@comfleet/contract';
import { Comfleet } from '@comfleet/sdk';
import { findDataDir, findServer, type ServerOptions } from './connection/find-server.ts';
import type { Terminal } from './platform/terminal.ts';
import { chooseLanguage } from './texts/choose-language.ts';
import { type CliTexts, chooseTexts } from './texts/cli-texts.ts';

/** The options that every command takes. */
export interface GlobalOptions extends ServerOptions {
  readonly json?: boolean;
  readonly lang?: string;
}

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly language: Language;
  readonly texts: CliTexts;
  readonly isJson: boolean;
  readonly dataDir: string;
  /** Finds the server and its credential; asks nothing yet. */
  connect(): Promise<Comfleet>;
  /** Writes a result: JSON when asked for, else lines. */
  show(value: unknown, lines: () => readonly string[]): void;
}

/** A context with its server found. */
export interface Session {
  readonly context: CommandContext;
  readonly comfleet: Comfleet;
}

/** Finds the server for a command. */
export async function openSession(context: CommandContext): Promise<Session> {
  return { context, comfleet: await context.connect() };
}

export function createContext(terminal: Terminal, options: GlobalOptions): CommandContext {
  const language = chooseLanguage(options.lang, terminal.env);
  const isJson = options.json === true;
  return {
    terminal,
    language,
    texts: chooseTexts(language, terminal.command),
    isJson,
    dataDir: findDataDir(options, terminal),
    connect: async () => {
      const { url, token } = await findServer(options, terminal);
      const log = { info: terminal.err, error: (line: string) => terminal.err(line) };
      return new Comfleet({ url, clock: terminal.clock, log, ...(token === null ? {} : { token }) });
    },
    show: (value, lines) => {
      if (isJson) terminal.out(JSON.stringify(value, null, 2));
      else for (const line of lines()) terminal.out(line);
    },
  };
}
