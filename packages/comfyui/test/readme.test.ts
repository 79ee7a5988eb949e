import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const home = fileURLToPath(new URL('..', import.meta.url));
let simulator: Simulator;
let folder = '';
/** Inside the package, so that its name resolves; ignored by git. */
let programs = '';

beforeAll(async () => {
  simulator = await openSimulator();
  folder = await mkdtemp(join(tmpdir(), 'comfyui-readme-'));
  await mkdir(join(home, 'node_modules'), { recursive: true });
  programs = await mkdtemp(join(home, 'node_modules', '.readme-'));
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true });
  await rm(programs, { recursive: true, force: true });
});

async function runExample(title: string): Promise<string> {
  const readme = await readFile(join(home, 'README.md'), 'utf8');
  const section = readme.split(/^## /m).find((part) => part.startsWith(title)) ?? '';
  const code = /```js\n([\s\S]*?)```/.exec(section)?.[1];
  if (code === undefined) throw new Error(`README has no example under ${title}`);
  const path = join(programs, `${title.replaceAll(/\W+/g, '-')}.mjs`);
  await writeFile(path, code);
  const env = { ...process.env, COMFYUI_PORT: String(simulator.port), COMFYUI_HOST: '127.0.0.1' };
  const { stdout } = await run(process.execPath, [path], { cwd: folder, env });
  return stdout;
}

describe('the examples of the README run as printed', () => {
  it('run a workflow', async () => {
    expect(await runExample('Run a workflow')).toBe('1 file saved\n');
    expect(await readdir(join(folder, 'outputs'))).toContain('blue_00001_.png');
  });

  it('run a batch', async () => {
    expect(await runExample('Run a batch on one connection')).toBe('1 connection for three workflows\n');
    expect(await readdir(join(folder, 'outputs'))).toEqual(
      expect.arrayContaining(['color_0.png', 'color_1.png', 'color_2.png']),
    );
  });

  it('check a graph', async () => {
    expect(await runExample('Check a graph before sending it')).toBe(
      'true certain value_smaller_than_min\nEmptyImage, SaveImage\n1 connection\n',
    );
  });

  it('the detector', async () => {
    expect(await runExample('The parts')).toBe('ending asks history\n');
  });
});
