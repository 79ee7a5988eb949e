// Writes what the lint rules forbid into a folder structured like ours, and tests that they find it in Vue components too.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, runTool } from './workspace.mjs';

/** @param {string} script @param {string} [template] */
const component = (script, template = '<p />') =>
  `<script setup lang="ts">\n${script}\n</script>\n\n<template>\n  ${template}\n</template>\n`;

const LOAD = 'async function load(): Promise<void> {}\n';
const FLOATING = `${LOAD}load();`;

const PLANTED = {
  'packages/web/src/FloatingPromise.vue': component(FLOATING),
  'packages/web/src/MisusedPromise.vue': component(`${LOAD}[1].forEach(load);`),
  'packages/web/src/OwnClock.vue': component('', '<p>{{ new Date() }}</p>'),
  'packages/web/src/OwnTimer.vue': component('setInterval(() => undefined, 1000);'),
  'packages/web/src/WindowTimer.vue': component('window.setInterval(() => undefined, 1000);'),
  'packages/web/src/BrokenTemplate.vue': component('', '<p v-if="true" v-for="n in 2" />'),
  'packages/web/src/GoodWays.vue': component(`${LOAD}void load();`),
  'packages/web/src/floating-promise.ts': FLOATING,
  'packages/server/src/floating-promise.ts': FLOATING,
};

let folder = '';
/** @type {{ code: number, output: string }} */
let result = { code: 0, output: '' };

/** @param {string} path @param {string} text */
async function write(path, text) {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-lint-'));
  const settings = { strict: true, noEmit: true, target: 'es2022', lib: ['es2023', 'dom'], types: [] };
  const tsconfig = (/** @type {string} */ include) =>
    JSON.stringify({ compilerOptions: settings, include: [include] });
  await write('tsconfig.tests.json', tsconfig('packages/server/src'));
  await write('packages/web/tsconfig.json', tsconfig('src'));
  const config = pathToFileURL(join(root, 'eslint.config.js')).href;
  await write(
    'eslint.config.mjs',
    `import { createLintConfig } from '${config}';\nexport default createLintConfig(import.meta.dirname);\n`,
  );
  for (const [path, text] of Object.entries(PLANTED)) await write(path, text);
  const args = ['--format', 'json', 'packages'];
  result = await runTool('eslint/bin/eslint.js', args, { cwd: folder, env: { NO_COLOR: '1' } });
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The names of the rules that a file breaks. @param {string} path */
function rulesBrokenBy(path) {
  /** @type {{ filePath: string, messages: { ruleId: string | null, message: string }[] }[]} */
  const files = JSON.parse(result.output);
  const found = files.find(({ filePath }) => filePath.endsWith(path));
  return found?.messages.map(({ ruleId, message }) => ruleId ?? message);
}

test.each([
  ['packages/web/src/FloatingPromise.vue', '@typescript-eslint/no-floating-promises'],
  ['packages/web/src/MisusedPromise.vue', '@typescript-eslint/no-misused-promises'],
  ['packages/web/src/OwnClock.vue', 'vue/no-restricted-syntax'],
  ['packages/web/src/OwnTimer.vue', 'no-restricted-globals'],
  ['packages/web/src/WindowTimer.vue', 'no-restricted-properties'],
  ['packages/web/src/BrokenTemplate.vue', 'vue/no-use-v-if-with-v-for'],
  ['packages/web/src/floating-promise.ts', '@typescript-eslint/no-floating-promises'],
  ['packages/server/src/floating-promise.ts', '@typescript-eslint/no-floating-promises'],
])('what is planted in %s breaks %s', (path, rule) => {
  expect(rulesBrokenBy(path)).toContain(rule);
});

test('a promise that is let go on purpose breaks nothing in a component', () => {
  expect(rulesBrokenBy('packages/web/src/GoodWays.vue')).toEqual([]);
});

test('the check fails on what is planted', () => {
  expect(result.code).toBe(1);
});
