import { formatText } from '@comfleet/contract';
import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { findEnglish } from '@comfleet/test-kit';
import { expect, it } from 'vitest';
import { parseConfig } from '../../app/settings.ts';
import { AppError } from '../errors/app-error.ts';
import type { ConfigProblem } from './config-problem.ts';

function refuse(text: string): ConfigProblem[] {
  try {
    parseConfig(text, { file: '/etc/config.yaml', environment: {}, cwd: '/' });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return (thrown.details?.problems ?? []) as ConfigProblem[];
  }
}

it.each([
  ['server: { port: 70000 }', 'expected a whole number from 0 to 65535, for example port: 8000'],
  ['server: { port: high }', 'expected a whole number from 0 to 65535, for example port: 8000'],
  ['server: { port: 1.5 }', 'expected a whole number from 0 to 65535, for example port: 8000'],
  ['server: 5', 'expected keys with values, for example server: { host: 127.0.0.1 }'],
  ['server: { allowed_hosts: a }', 'expected a list, for example allowed_hosts: [a, b]'],
  ['auth: { enable_client_auth: maybe }', 'expected true or false, for example enable_client_auth: true'],
  ['database: { database: "" }', 'expected text that is not empty, for example database: comfyui_service'],
  ['server: { host: 7 }', 'expected text; put the value in quotes'],
  ['logging: { level: loud }', /^expected one of /],
  ['loging: {}', 'unknown key; did you mean "logging"?'],
  ['workers: [{ url: not an address }]', 'expected an address, for example http://10.0.0.5:8188'],
  ['data_dir: "a', /^a quote, bracket, comma or colon is missing/],
  ['server: { port: 8000', /^the indentation does not fit the lines above, or a bracket is not closed/],
  ['data_dir: a\ndata_dir: b', 'this key stands here a second time; keep one'],
  ['server:\n\tport: 1', /^this line begins with a tab/],
  ['data_dir: !!js/function "x"', 'custom tags (!name) are not allowed'],
  ['a: *b', /^aliases/],
  [
    'task_types: {t: {workflows: {w: {workflow_file: f, parameter_mapping: {a: {select: {}}}}}}}',
    /^name a class/,
  ],
])('%j is refused in our words, with an example, in both languages', (text, words) => {
  const [problem] = refuse(text);
  expect(problem?.message).toEqual(typeof words === 'string' ? words : expect.stringMatching(words));
  expect(problem?.message).not.toMatch(/Invalid|Too (big|small)|received|Unrecognized|Map keys/);
  const chinese = problem === undefined ? '' : formatText(DEFINITION_TEXTS, 'zh-CN', problem.text);
  expect(chinese).toMatch(/\p{Script=Han}/u);
  expect(findEnglish(chinese, { allow: ['true', 'false', 'debug', 'info', 'warn', 'error'] })).toEqual([]);
});
