import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Batch, Worker } from '@comfleet/contract';
import { Program } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import { parse, useFleet } from './use-fleet.ts';

const fleet = useFleet();

describe('names and ids', () => {
  it('takes either for workers and clients', async () => {
    const { worker_id: id } = parse<Worker>(
      (await fleet.run('workers', 'show', 'simulated-1', '--json')).out,
    );
    expect(parse<Worker>((await fleet.run('workers', 'show', id, '--json')).out).name).toBe('simulated-1');
    expect((await fleet.run('workers', 'check', 'simulated-1', id)).status).toBe(0);

    await fleet.run('clients', 'register', 'studio');
    expect((await fleet.run('clients', 'grant', 'studio', 'raw_graph')).out.join()).toContain('raw_graph');
    expect((await fleet.run('clients', 'revoke', 'studio')).status).toBe(0);
  });

  it('takes either for batches, and a task type for its workflow', async () => {
    const flags = ['--description', 'x', '--name', 'fjords', '--images-per-description', '1', '--json'];
    const { batch_id: batchId } = parse<Batch>((await fleet.run('batch', 'text_to_image', ...flags)).out);
    expect((await fleet.run('batches', 'show', 'fjords')).out.join('\n')).toContain(batchId);
    expect((await fleet.run('tasks', 'list', '--batch', 'fjords', '--worker', 'simulated-1')).status).toBe(0);
    expect((await fleet.run('workflows', 'show', 'text_to_image')).out[0]).toMatch(/^sd_basic /);
  });

  it.each([
    ['workers show simulated1', '✗ There is no worker "simulated1". Did you mean "simulated-1"?'],
    [
      'workers check simulated-1 simulated-9',
      '✗ There is no worker "simulated-9". Did you mean "simulated-1"?',
    ],
    ['tasks list --worker nobody', '✗ There is no worker "nobody".'],
    ['run solid_colr', '✗ There is no workflow "solid_colr". Did you mean "solid_color"?'],
    ['workflows show sd_basc', '✗ There is no workflow "sd_basc". Did you mean "sd_basic"?'],
    ['batches show nothing', '✗ There is no batch "nothing".'],
    ['clients revoke nobody', '✗ There is no client "nobody".'],
  ])('comfleet %s ends with 5', async (line, message) => {
    const { status, err } = await fleet.run(...line.split(' '));

    expect([status, err[0]]).toEqual([5, message]);
  });

  it('says it in Chinese too', async () => {
    expect((await fleet.run('run', 'solid_colr', '--lang', 'zh')).err).toEqual([
      '✗ 没有工作流“solid_colr”。是否要用“solid_color”？',
    ]);
  });

  it('a parameter that the workflow refuses is a mistake in the command line', async () => {
    const { status, err } = await fleet.run('run', 'solid_color', '--param', 'colr=1');

    expect([status, err[1]]).toEqual([2, expect.stringContaining('did you mean "color"?')]);
  });

  it('a graph goes by the name of its file', async () => {
    const graph = {
      '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 255 } },
      '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'cli' } },
    };
    await writeFile(join(fleet.cwd, '海报.json'), JSON.stringify(graph));
    expect((await fleet.run('run', '海报.json')).status).toBe(0);

    const [head = '', row = ''] = (await fleet.run('tasks', 'list', '--limit', '1')).out;
    expect(row.slice(head.indexOf('WORKFLOW')).startsWith('海报 ')).toBe(true);
  });
});

it('comfleet verify leaves nothing in lists and folders, also when its task fails', async () => {
  const outputs = join(fleet.cwd, '.comfleet', 'outputs');
  const look = async () => [
    (await fleet.run('tasks', 'list', '--limit', '1000')).out,
    await readdir(outputs, { recursive: true }).catch(() => []),
  ];
  const before = await look();

  expect((await fleet.run('verify')).out.at(-1)).toMatch(
    /^✓ task: solid_color on simulated-\d: 1 file, \d+ bytes/,
  );
  expect((await fleet.run('verify', '--workflow', 'invert_image')).status).toBe(2);

  expect(await look()).toEqual(before);
});

describe('the programs that the pages show', () => {
  const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

  /** The first matching TypeScript block of a page. */
  async function readBlock(page: string, fits: RegExp): Promise<string> {
    const text = await readFile(join(ROOT, page), 'utf8');
    const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] ?? '');
    return blocks.find((block) => fits.test(block)) ?? '';
  }

  /** Runs it in a folder where `@comfleet/sdk` resolves as in a clone of the repository, with the server's credential. */
  async function runProgram(
    text: string,
  ): Promise<{ code: number | null; errors: string[]; files: Buffer[] }> {
    const folder = await mkdtemp(join(ROOT, 'node_modules', '.comfleet-snippet-'));
    try {
      await mkdir(join(folder, '.comfleet'));
      await writeFile(join(folder, '.comfleet', 'credential.json'), JSON.stringify(fleet.credential));
      await writeFile(join(folder, 'program.mjs'), text);
      const program = Program.node([join(folder, 'program.mjs')], { cwd: folder });
      const { code } = await program.exited;
      const names = (await readdir(folder)).filter((name) => name.endsWith('.png'));
      const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
      return { code, errors: program.errors, files };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it.each(['README.md', 'README.zh-CN.md'])('that of %s saves a picture', async (page) => {
    const { code, errors, files } = await runProgram(await readBlock(page, /credential\.json/));

    expect([code, errors.filter((line) => /error/i.test(line))]).toEqual([0, []]);
    expect(files.map((bytes) => bytes.subarray(1, 4).toString())).toEqual(['PNG']);
  });

  it('that of the SDK saves a picture', async () => {
    const { url, token } = fleet.credential;
    const text = (await readBlock('packages/sdk/README.md', /new Comfleet/))
      .replace("'http://127.0.0.1:8000'", `'${url}'`)
      .replace("'…'", `'${token}'`);
    const { code, files } = await runProgram(text);

    expect([code, files.length]).toEqual([0, 1]);
  });
});
