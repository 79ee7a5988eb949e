import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch, BatchDetail } from '@comfleet/contract';
import { describe, expect, it } from 'vitest';
import { startComfleet } from './comfleet-process.ts';
import { parse, useFleet } from './use-fleet.ts';

const fleet = useFleet();

/** Creates a batch of these descriptions, one picture each; returns its id. */
async function make(descriptions: string[], ...flags: string[]): Promise<string> {
  const asked = descriptions.flatMap((text) => ['--description', text]);
  const made = await fleet.run(
    'batch',
    'sd_basic',
    ...asked,
    '--images-per-description',
    '1',
    '--no-wait',
    '--json',
    ...flags,
  );
  return parse<Batch>(made.out).batch_id;
}

async function readManifest(folder: string, id: string) {
  const text = await readFile(join(fleet.cwd, folder, `batch-${id}.json`), 'utf8');
  return JSON.parse(text) as { items: { item: number; prompt: string; seed: string; files: string[] }[] };
}

describe('comfleet batches', () => {
  it('CL4 watch saves in the order of the items, with a manifest of what each was made of', async () => {
    const id = await make(['a cat', 'a dog'], '--param', 'steps=1', '--seed', '5');

    const watched = await fleet.run('batches', 'watch', id, '--out', 'watched');
    const { items } = await readManifest('watched', id);

    expect(watched.status).toBe(0);
    expect(watched.out[0]).toBe('2 succeeded, 0 failed, 0 canceled');
    expect(watched.err).toContain('[2/2] description 2/2, image 1/1');
    expect(items.map(({ item, prompt, seed, files }) => [item, prompt, seed, files])).toEqual([
      [1, 'a cat', '5', ['001-5-a-cat.png']],
      [2, 'a dog', '5', ['002-5-a-dog.png']],
    ]);
    expect((await readdir(join(fleet.cwd, 'watched'))).sort()).toEqual([
      '001-5-a-cat.png',
      '002-5-a-dog.png',
      `batch-${id}.json`,
    ]);
  });

  it('CL4 download saves what is done and not saved yet, under the requested names', async () => {
    const id = await make(['one', 'two'], '--param', 'steps=1');
    await fleet.run('batches', 'watch', id);

    const first = await fleet.run(
      'batches',
      'download',
      id,
      '--out',
      'loaded',
      '--names',
      '{prompt}-{index}',
    );
    const second = await fleet.run('batches', 'download', id, '--out', 'loaded', '--json');

    expect(first.out.slice(1).map((path) => path.split('/').at(-1))).toEqual(['one-001.png', 'two-002.png']);
    expect(first.err.at(-1)).toMatch(/^Saved .*batch-.*\.json$/);
    expect(parse<{ saved: string[] }>(second.out).saved).toEqual([]);
    expect((await readManifest('loaded', id)).items.map(({ files }) => files)).toEqual([
      ['one-001.png'],
      ['two-002.png'],
    ]);
  });

  it('a pattern with an unknown placeholder is a wrong command line, before anything runs', async () => {
    const flags = ['--description', 'x', '--out', 'x', '--names', '{task}'];
    const { status, err } = await fleet.run('batch', 'sd_basic', ...flags);

    expect([status, err[0]]).toEqual([2, '✗ --names accepts {index}, {seed} and {prompt}, not {task}.']);
  });

  it('BG5 pauses, shows, lists, resumes and cancels', async () => {
    const id = await make(
      Array.from({ length: 12 }, (_, index) => `slow ${index}`),
      '--param',
      'steps=100',
    );

    const paused = parse<Batch>((await fleet.run('batches', 'pause', id, '--json')).out);
    const listed = await fleet.run('batches', 'list', '--limit', '1');
    const shown = await fleet.run('batches', 'show', id);
    const resumed = parse<Batch>((await fleet.run('batches', 'resume', id, '--json')).out);
    const canceled = await fleet.run('batches', 'cancel', id);
    const watched = await fleet.run('batches', 'watch', id);

    expect(paused.status).toBe('paused');
    expect(listed.out).toHaveLength(2);
    expect(listed.out[1]).toMatch(new RegExp(`^${id} +paused +\\d+/12 +0 `));
    expect(shown.out.filter((line) => line.includes(' slow '))).toHaveLength(12);
    expect(resumed.status).toBe('running');
    expect(canceled.status).toBe(0);
    expect(watched.status).toBe(6);
    expect(parse<BatchDetail>((await fleet.run('batches', 'show', id, '--json')).out)).toMatchObject({
      status: 'canceled',
      counts: { waiting: 0, running: 0, failed: 0 },
    });
  });

  it('Ctrl-C leaves the batch running, and says how to watch, pause and cancel it', async () => {
    const env = { COMFLEET_DATA: join(fleet.cwd, '.comfleet') };
    const flags = [
      '--description',
      'long',
      '--images-per-description',
      '2',
      '--param',
      'steps=100',
      '--out',
      'left',
    ];
    const program = startComfleet(['batch', 'sd_basic', ...flags], { cwd: fleet.cwd, env });
    const accepted = await program.lineOf(/^Batch accepted: /);
    await program.lineOf(/^\[1\/2\]/);
    const id = accepted.split(' ').at(-1) ?? '';

    expect(await program.stop()).toBe(130);

    expect(await program.lineOf(/continues/)).toBe(`The batch continues without this command: ${id}`);
    expect(await program.lineOf(/watch it/)).toBe(`  watch it:  npx comfleet batches watch ${id} --out left`);
    expect(await program.lineOf(/pause it/)).toBe(`  pause it:  npx comfleet batches pause ${id}`);
    expect(await program.lineOf(/cancel it/)).toBe(`  cancel it: npx comfleet batches cancel ${id}`);
    expect((await readManifest('left', id)).items).toHaveLength(2);
    const shown = parse<BatchDetail>((await fleet.run('batches', 'show', id, '--json')).out);
    expect(shown.status).toBe('running');
    await fleet.run('batches', 'cancel', id);
  });
});
