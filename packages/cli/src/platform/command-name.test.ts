import { delimiter, join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { findCommandName } from './command-name.ts';

const BIN = resolve('/opt/tools/bin');
const PATH = [resolve('/usr/bin'), BIN].join(delimiter);

it.each([
  ['a command on the PATH', join(BIN, 'comfleet'), { PATH }, 'comfleet'],
  ['npx, whose folder is on its PATH', join(BIN, 'comfleet'), { PATH, npm_command: 'exec' }, 'npx comfleet'],
  ['a file of a copy', '/home/me/comfleet/packages/cli/dist/main.js', { PATH }, 'npx comfleet'],
  ['nothing', undefined, { PATH }, 'npx comfleet'],
])('a program started as %s is named', (_how, program, env, name) => {
  expect(findCommandName(program, env)).toBe(name);
});
