import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { runCli } from '../run-cli.ts';
import { openMemoryTerminal } from '../testing/memory-terminal.ts';
import { createProgram } from './create-program.ts';

const program = createProgram(() => Promise.resolve(), { version: '0.0.0', language: 'en' });

interface Listed {
  readonly words: string[];
  readonly command: Command;
}

function list(command: Command, words: string[] = []): Listed[] {
  return [{ words, command }, ...command.commands.flatMap((child) => list(child, [...words, child.name()]))];
}

const all = list(program);
const groups = all.filter(({ command }) => command.commands.length > 0);
const leaves = all.filter(({ command }) => command.commands.length === 0);
const nameOf = ({ words }: Listed): string => words.join(' ');
const sampleOf = ({ command }: Listed): string[] => [
  ...command.registeredArguments.filter((argument) => argument.required).map(() => 'x'),
  ...(command.name() === 'print-sql' ? ['--driver', 'sqlite'] : []),
];

/** Nothing listens there: whoever gets so far as to ask a server ends with 3. */
const NOWHERE = ['--url', 'http://127.0.0.1:9', '--token', 'x', '--data', '/nowhere'];

async function run(...args: string[]): Promise<{ status: number; said: string }> {
  const terminal = openMemoryTerminal();
  const status = await runCli([...NOWHERE, ...args], terminal, '0.0.0');
  return { status, said: terminal.printed.join('\n') };
}

describe('a command line that is not right ends with 2', () => {
  it.each(all.map((one) => [nameOf(one), one] as const))(
    'comfleet %s with an unknown flag',
    async (_name, one) => {
      const { status, said } = await run(...one.words, ...sampleOf(one), '--no-such-flag');

      expect([status, said]).toEqual([2, expect.stringContaining('Unknown option --no-such-flag.')]);
    },
  );

  it.each(groups.map((one) => [nameOf(one), one] as const))(
    'comfleet %s with an unknown command',
    async (_name, one) => {
      const { status, said } = await run(...one.words, 'nosuch');

      expect([status, said]).toEqual([2, expect.stringContaining('Unknown command "nosuch".')]);
    },
  );

  it.each(
    leaves
      .filter(({ command }) => command.registeredArguments.some(({ required }) => required))
      .map((one) => [nameOf(one), one] as const),
  )('comfleet %s without its argument', async (_name, one) => {
    const { status, said } = await run(...one.words);

    expect([status, said]).toEqual([2, expect.stringContaining('is missing.')]);
  });

  it.each(
    leaves
      .filter(({ command }) => !command.registeredArguments.some((argument) => argument.variadic))
      .map((one) => [nameOf(one), one] as const),
  )('comfleet %s with an argument too many', async (_name, one) => {
    const places = one.command.registeredArguments.map(() => 'x');

    expect((await run(...one.words, ...places, 'more')).status).toBe(2);
  });

  const parsed = leaves.flatMap((one) =>
    one.command.options
      .filter((option) => option.parseArg !== undefined && !option.flags.includes('may be repeated'))
      .filter((option) => option.parseArg?.name !== 'collect')
      .map((option) => [`${nameOf(one)} ${option.long}`, one, option.long ?? ''] as const),
  );
  it.each(parsed)('comfleet %s with a bad value', async (_name, one, flag) => {
    const { status, said } = await run(...one.words, ...sampleOf(one), `${flag}=-?`);

    expect([status, said]).toEqual([2, expect.stringContaining(flag)]);
  });

  it.each([
    ['tasks list --status runing', 'Did you mean "running"?'],
    ['tasks list --held needs_decison', 'Did you mean "needs_decision"?'],
    ['models --kind sdlx', 'Did you mean "sdxl"?'],
    ['strategy set least-loaded', 'Did you mean "least_loaded"?'],
    ['clients grant x admn', 'Did you mean "admin"?'],
    ['sim --profile 0.3.46', 'Did you mean "0.3.64"?'],
    ['workers set x --group primry', 'Did you mean "primary"?'],
    ['workers lst', 'Did you mean "list"?'],
    ['run x --prioritie 3', 'Did you mean "--priority"?'],
    ['tasks decide x', 'Give one of --run-again and --give-up.'],
    ['batch x', 'Give descriptions'],
    ['batch x --file nowhere.txt', 'cannot be read'],
    ['batch x --description a --names {sed}', '--names accepts'],
    ['run nowhere.json', 'cannot be read'],
    ['workflows analyse nowhere.json', 'cannot be read'],
    ['workers set x', 'Nothing to change was given'],
    ['up --config nowhere.yaml', 'There is no configuration file'],
    ['up --comfyui nowhere', 'nowhere does not exist'],
    ['up --worker :::', '--worker expects an address'],
    ['up --worker ftp://x', '--worker expects an address such as http://127.0.0.1:8188, not "ftp://x".'],
    ['up --worker http://x?a=1', '--worker expects an address'],
    ['up --worker http://user:pw@host', '--worker takes no login in the address.'],
    ['serve --worker user:pw@host', '--worker takes no login in the address.'],
    ['workers list --url nowhere', 'Expected a server address such as'],
    ['workers list --lang klingon', 'Expected en, zh or zh-TW'],
    ['workers add foo', '<url> expects an address such as http://127.0.0.1:8188, not "foo".'],
  ])('comfleet %s', async (line, expected) => {
    const { status, said } = await run(...line.split(' '));

    expect([status, said]).toEqual([2, expect.stringContaining(expected)]);
  });
});

describe('help', () => {
  it.each(all.map((one) => [nameOf(one), one.command] as const))(
    'of comfleet %s says all in one form',
    (_name, command) => {
      const texts = [
        ...(command === program ? [] : [command.description()]),
        ...command.options.map((option) => option.description),
        ...command.registeredArguments.map((argument) => argument.description),
      ];

      expect(texts.filter((text) => !/^[a-zA-Z"'{0-9].*[^.]$/s.test(text))).toEqual([]);
    },
  );

  it.each(['cli.md', 'cli.zh-CN.md'])(
    'names every command and every flag in docs/reference/%s',
    async (name) => {
      const page = await readFile(new URL(`../../../../docs/reference/${name}`, import.meta.url), 'utf8');
      const flags = all.flatMap(({ command }) => command.options.map((option) => option.long ?? ''));
      const words = all.flatMap(({ words: [first, ...rest] }) => [first ?? '', ...rest]);

      const isThere = (word: string) => page.includes(word);
      const missing = [...new Set([...flags, ...words])].filter((word) => !isThere(word));
      expect(missing.filter((word) => word !== '--version')).toEqual([]);
    },
  );

  it('has the same commands, flags and headings in both languages of its page', async () => {
    const [english, chinese] = await Promise.all(['cli.md', 'cli.zh-CN.md'].map(outlinePage));

    expect(chinese).toEqual(english);
  });
});

/** The levels of a page's headings, and the code in the first cell of each row of its tables. */
async function outlinePage(name: string): Promise<string[]> {
  const page = await readFile(new URL(`../../../../docs/reference/${name}`, import.meta.url), 'utf8');
  return page.split('\n').flatMap((line) => {
    const heading = /^#+/.exec(line)?.[0];
    if (heading !== undefined) return [heading];
    if (!line.startsWith('|')) return [];
    const cell = line.split(/(?<!\\)\|/)[1] ?? '';
    return [[...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code).join(' ')];
  });
}
