import type { Command } from 'commander';
import { createProgram } from '../src/program/create-program.ts';

export interface Listed {
  /** Such as `tasks list`; empty for the program itself. */
  readonly name: string;
  readonly command: Command;
}

/** The program and all its commands. */
export function listCommands(): Listed[] {
  return list(
    createProgram(() => Promise.resolve(), { version: '0.0.0', language: 'en' }),
    [],
  );
}

function list(command: Command, words: readonly string[]): Listed[] {
  return [
    { name: words.join(' '), command },
    ...command.commands.flatMap((child) => list(child, [...words, child.name()])),
  ];
}

/** Commands that run something, without command groups. */
export function listLeaves(): Listed[] {
  return listCommands().filter(({ command }) => command.commands.length === 0);
}

/** Matches a command such as `npx comfleet tasks list` inside a sentence. */
export function matchCommandLines(): RegExp {
  const names = listCommands()
    .map(({ name }) => name)
    .filter((name) => name !== '')
    .sort((one, other) => other.length - one.length);
  return new RegExp(`(npx )?comfleet (--help|${names.join('|')})`, 'g');
}
