import { findEnglish } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import { listCommands, listLeaves, matchCommandLines } from './all-commands.ts';
import { runHere } from './run-here.ts';

const LANGUAGES = ['zh-CN', 'zh-TW'] as const;

/** Commands in lists, `  tasks list [选项] <task>  …`, and the names in a usage line. */
const TERMS = /workflow\|graph\.json|^ {2}[a-z-]+( \[\S+\])*(?= )|^用法：comfleet( [a-z-]+)*|\[[a-z.]+\]/gm;
const CHOICES = /只能是：[a-z0-9_., ]+/g;

/** Values that stay English: states, kinds, drivers, settings. */
const VALUES = [
  ...[
    'zh',
    'zh-TW',
    'en',
    'LANG',
    'stdout',
    'old',
    'file',
    'static',
    'graph',
    'prompt',
    'checkpoints',
    'sdxl',
    'flux',
  ],
  ...['held', 'queued', 'running', 'succeeded', 'failed', 'canceled', 'expired', 'pending', 'processing'],
  ...[
    'completed',
    'sqlite',
    'postgres',
    'mysql',
    'primary',
    'backup',
    'weighted',
    'admin',
    'NAME',
    'VARIABLE',
  ],
  ...['FILE', 'TEXT', 'HOST', 'PORT', 'operator', 'member', 'viewer', 'editor'],
  ...['ISSUER', 'SUBJECT', 'iss', 'sub', 'user', 'csv', 'jsonl'],
  ...['day', 'project', 'workflow', 'worker', 'CSV'],
  ...['tasks_per_day=50', 'stored_bytes=200GB', 'tasks_waiting=unlimited'],
];

const findIn = (lines: readonly string[]): string[] =>
  findEnglish(lines.join('\n'), { atLeast: 1, allow: [TERMS, CHOICES, matchCommandLines(), ...VALUES] });

describe.each(LANGUAGES)('in %s', (lang) => {
  it.each(listCommands().map(({ name }) => name))('the help of comfleet %s has no English', async (name) => {
    const words = name.split(' ').filter((word) => word !== '');
    const { status, lines } = await runHere([...words, '--help', '--lang', lang]);

    expect([status, findIn(lines)]).toEqual([0, []]);
    expect(lines.length).toBeGreaterThan(5);
  });

  it('the language of the environment decides as that of --lang', async () => {
    const { lines } = await runHere(['tasks', '--help'], { env: { LANG: lang.replace('-', '_') } });

    expect(lines[0]).toBe(
      lang === 'zh-CN' ? '用法：comfleet tasks [选项] [命令]' : '用法：comfleet tasks [選項] [指令]',
    );
  });
});

const valued = listLeaves().flatMap(({ name, command }) =>
  command.options
    .filter((option) => option.parseArg !== undefined && option.long !== '--lang')
    .map((option) => `${name} ${option.long}=-?`),
);

describe.each(LANGUAGES)('a wrong command line in %s', (lang) => {
  const expectChinese = async (line: string) => {
    const args = [...line.split(' ').filter((word) => word !== ''), '--lang', lang];
    const { status, lines } = await runHere(args, { env: { TOKEN: 'x' } });

    expect([status, findIn(lines)]).toEqual([2, []]);
    expect(lines.join('')).toMatch(/[。」”]/);
  };

  it.each(listCommands().map(({ name }) => `${name} --no-such-flag`))('comfleet %s', expectChinese);
  it.each(
    listCommands()
      .filter(({ command }) => command.commands.length > 0)
      .map(({ name }) => `${name} nosuch`),
  )('comfleet %s', expectChinese);
  it.each(
    listLeaves()
      .filter(({ command }) => command.registeredArguments.some(({ required }) => required))
      .map(({ name }) => name),
  )('comfleet %s without its argument', expectChinese);
  it.each(
    valued.filter(
      (line) => !/--(capability|label|metadata|header-env|param|worker|description|comfyui-arg)=/.test(line),
    ),
  )('comfleet %s', expectChinese);

  it.each([
    'sign-in too many',
    'db print-sql',
    'db print-sql --driver',
    'tasks list --status runing',
    'tasks list --held needs_decison',
    'tasks lst',
    'models --kind sdlx',
    'strategy set least-loaded',
    'clients grant x admn',
    'run x --prioritie 3',
    'tasks decide x',
    'batch x',
    'batch x --file nowhere.txt',
    'batch x --description a --names {sed}',
    'batch x.json --description a',
    'run nowhere.json --url http://127.0.0.1:9',
    'workflows analyse nowhere.json',
    'workers add http://x --metadata rack',
    'workers add http://x --user u',
    'workers add http://x --user u --token-env TOKEN',
    'workers add http://x --token-env NOT_SET',
    'workers add http://x --header-env X-Key',
    'workers add http://x --ca-file /nowhere/ca.pem',
    'workers add foo',
    'workers set x',
    'workers announce http://x',
    'workers announce http://x --token-env TOKEN',
    'workers announce http://x --token-env TOKEN --udp nowhere',
    'up --config nowhere.yaml',
    'up --comfyui nowhere',
    'up --worker :::',
    'workers list --url nowhere',
  ])('comfleet %s', expectChinese);
});

it('a wrong command line is one JSON document with --json, in English', async () => {
  const { status, lines } = await runHere(['tasks', 'lst', '--json', '--lang', 'zh']);

  expect(status).toBe(2);
  expect(JSON.parse(lines.join(''))).toEqual({
    error: { code: 'USAGE', message: 'Unknown command "lst". Did you mean "list"?', details: null },
    exit_code: 2,
  });
});
