import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch, PendingTask, Task, TaskDetail, Worker } from '@comfleet/contract';
import { describe, expect, it } from 'vitest';
import { startComfleet } from './comfleet-process.ts';
import { parse, useFleet } from './use-fleet.ts';

const fleet = useFleet();

/** A PNG begins with these bytes. */
const PNG = '89504e470d0a1a0a';
const GRAPH = {
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 255 } },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'cli' } },
};

describe('comfleet run', () => {
  it('CL3 runs a workflow to a saved picture, with the lines of v1', async () => {
    const { status, out, err } = await fleet.run('run', 'solid_color', '--out', 'pictures');

    expect(status).toBe(0);
    expect(out).toHaveLength(1);
    expect((await readFile(out[0] ?? '')).subarray(0, 8).toString('hex')).toBe(PNG);
    expect(out[0]).toContain(join(fleet.cwd, 'pictures'));
    const promptId = /prompt_id: (\S+)/.exec(err.join('\n'))?.[1] ?? 'none';
    expect(err).toContain(`Workflow submitted, prompt_id: ${promptId}`);
    expect(err).toContain(`Waiting for workflow ${promptId} to finish...`);
    expect(err.at(-1)).toMatch(new RegExp(`^✓ Workflow ${promptId} finished \\(\\d+\\.\\d\\d s\\)$`));
  });

  it('WF23 runs a graph’s file with a seed of 2^64 - 1 unchanged', async () => {
    const graph = structuredClone(GRAPH) as Record<
      string,
      { inputs: Record<string, unknown>; class_type: string }
    >;
    const sampler = {
      '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sd_xl_base_1.0.safetensors' } },
      '5': { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
      '6': { class_type: 'CLIPTextEncode', inputs: { text: 'a cat', clip: ['4', 1] } },
      '3': {
        class_type: 'KSampler',
        inputs: {
          seed: 1,
          steps: 4,
          cfg: 7.5,
          sampler_name: 'euler',
          scheduler: 'normal',
          denoise: 1,
          model: ['4', 0],
          positive: ['6', 0],
          negative: ['6', 0],
          latent_image: ['5', 0],
        },
      },
      '8': { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
      '2': { class_type: 'SaveImage', inputs: { images: ['8', 0], filename_prefix: 'cli' } },
    };
    delete graph['1'];
    await writeFile(join(fleet.cwd, 'sampler.json'), JSON.stringify({ ...graph, ...sampler }));

    const result = await fleet.run('run', 'sampler.json', '--seed', '18446744073709551615', '--json');

    expect([result.status, result.err.filter((line) => line.startsWith('{'))]).toEqual([0, []]);
    const task = parse<TaskDetail>(result.out);
    expect(task.status).toBe('succeeded');
    const answer = await fetch(`${fleet.credential.url}/api/fleet/tasks/${task.task_id}/graph`, {
      headers: { authorization: `Bearer ${fleet.credential.token}` },
    });
    expect(await answer.text()).toContain('"seed":18446744073709551615');
    expect(result.err.join('\n')).toMatch(/→ Progress: (25|50|75|100)\.0% \([1-4]\/4\)/);
  });

  it('says which input is wrong', async () => {
    const { status, err } = await fleet.run('run', 'solid_color', '--param', 'width=17');

    expect(status).toBe(2);
    expect(err.join('\n')).toContain('INVALID_PARAMETERS');
    expect(err.join('\n')).toContain('width');
  });

  it('TD15 says at the end, too, which outputs the worker left out and why', async () => {
    const file = join(fleet.cwd, 'in-part.json');
    await writeFile(file, JSON.stringify({ ...GRAPH, '3': { class_type: 'SaveImage', inputs: {} } }));
    const { status, out, err } = await fleet.run('run', file);
    const shown = await fleet.run('tasks', 'show', /accepted: (\S+)/.exec(err.join(' '))?.[1] ?? '');

    expect([status, out.length]).toEqual([0, 1]);
    expect(err.at(-1)).toMatch(
      /^ {2}⚠ This output is left out: node "3" \(SaveImage\), input "images": Required input is missing/,
    );
    expect(shown.out.join('\n')).toMatch(/^warning {6}This output is left out: node "3"/m);
  });

  it('returns at once with --no-wait', async () => {
    const submitted = await fleet.run('run', 'solid_color', '--no-wait');
    const watched = await fleet.run('tasks', 'watch', submitted.out[0] ?? '');

    expect([submitted.status, submitted.out.length, watched.status]).toEqual([0, 1, 0]);
  });
});

describe('comfleet tasks', () => {
  it('CL7 lists, shows, repeats and downloads', async () => {
    const ran = parse<Task>((await fleet.run('run', 'solid_color', '--json')).out);
    const listed = parse<{ tasks: Task[] }>(
      (await fleet.run('tasks', 'list', '--json', '--status', 'completed')).out,
    );
    const shown = await fleet.run('tasks', 'show', ran.task_id);
    const again = await fleet.run('tasks', 'retry', ran.task_id);
    const watched = await fleet.run('tasks', 'watch', again.out[0] ?? '', '--json');
    const saved = await fleet.run('tasks', 'download', ran.task_id, '--out', 'again');

    expect(listed.tasks.map((task) => task.task_id)).toContain(ran.task_id);
    expect(shown.out.join('\n')).toContain(`prompt_id    ${ran.prompt_id}`);
    expect(again.out[0]).not.toBe(ran.task_id);
    expect(JSON.parse(watched.out.at(-1) ?? '')).toMatchObject({
      kind: expect.stringMatching(/event|snapshot/),
    });
    expect(saved.status).toBe(0);
    expect((await readFile(saved.out[0] ?? '')).subarray(0, 8).toString('hex')).toBe(PNG);
  });

  it('says why a task runs where it does', async () => {
    const { out } = await fleet.run('run', 'solid_color', '--no-wait');
    const id = out[0] ?? '';
    await fleet.run('tasks', 'watch', id);
    const why = await fleet.run('tasks', 'why', id);

    expect(why.status).toBe(0);
    expect(why.out[0]).toBe('Done.');
    expect(why.out[1]).toMatch(/^Placed on \S+ \(least_loaded\): it needs no model\.$/);
    expect(why.out.join('\n')).toContain('CANDIDATE');
  });

  it('lists every attempt of a task', async () => {
    const { out } = await fleet.run('run', 'solid_color', '--no-wait');
    const id = out[0] ?? '';
    await fleet.run('tasks', 'watch', id);
    const shown = await fleet.run('tasks', 'attempts', id);
    const asJson = await fleet.run('tasks', 'attempts', id, '--json');

    expect(shown.status).toBe(0);
    expect(shown.out[0]).toMatch(/^TRY +WORKER +PROMPT +ENDING +CREATED +WAITED +RAN +COMFYUI +DEVICE$/);
    expect(shown.out[1]).toMatch(
      /^1 +\S+ +[0-9a-f-]{36} +succeeded +\S+ +\d+\.\d s +\d+\.\d s +\d\S+ +\S.*$/,
    );
    expect(JSON.parse(asJson.out.join('\n'))).toMatchObject({
      attempts: [{ number: 1, ending: 'succeeded', fingerprint: { driver: null } }],
    });
  });

  it('CL7 cancels a running task, whose waiting command ends with 6', async () => {
    const args = ['run', 'sdxl_basic', '--param', 'prompt=slow', '--param', 'steps=100'];
    const waiting = startComfleet(args, { cwd: fleet.cwd });
    const taskId = (await waiting.lineOf(/^Task accepted: /)).replace('Task accepted: ', '');
    await waiting.lineOf(/^Waiting for workflow/);

    const canceled = await fleet.run('tasks', 'cancel', taskId);

    expect(canceled.status).toBe(0);
    expect(await waiting.waitForExit()).toBe(6);
  });

  it('ends with 5 for a task that is not there', async () => {
    const { status, err } = await fleet.run(
      'tasks',
      'show',
      '00000000-0000-7000-8000-000000000000',
      '--json',
    );

    expect(status).toBe(5);
    expect(JSON.parse(err[0] ?? '')).toMatchObject({ error: { code: 'TASK_NOT_FOUND' }, exit_code: 5 });
  });
});

describe('comfleet batch', () => {
  it('CL4 BG14 runs every description as often as asked, and saves all', async () => {
    await writeFile(join(fleet.cwd, 'lines.txt'), '# two of them\na cat\n\na dog\n');

    const result = await fleet.run(
      'batch',
      'text_to_image_sdxl',
      '--file',
      'lines.txt',
      '--images-per-description',
      '2',
      '--param',
      'steps=2',
      '--out',
      'batch',
    );

    expect(result.status).toBe(0);
    expect(result.err.filter((line) => line.startsWith('['))).toHaveLength(4);
    expect(result.err).toContain('[3/4] description 2/2, image 1/2');
    expect(result.err.filter((line) => line === 'Connected, starting the batch of images')).toHaveLength(1);
    expect(result.err.at(-2)).toBe('All images are done, closing the connection');
    expect(result.err.at(-1)).toMatch(/^✅ Total time for the images: \d+\.\d\d s$/);
    expect(result.out[0]).toBe('4 succeeded, 0 failed, 0 canceled');
    expect(result.out.slice(1)).toHaveLength(4);
  });

  it('refuses a workflow that takes no description', async () => {
    const { status, err } = await fleet.run('batch', 'solid_color', '--description', 'x');

    expect(status).toBe(2);
    expect(err[1]).toContain('prompt: ');
  });

  it('returns at once with --no-wait', async () => {
    const result = await fleet.run(
      'batch',
      'sdxl_basic',
      '--description',
      'a',
      '--images-per-description',
      '1',
      '--param',
      'steps=1',
      '--no-wait',
      '--json',
    );

    expect(parse<Batch>(result.out).counts.total).toBe(1);
  });
});

describe('the fleet', () => {
  it('lists and checks workers', async () => {
    const listed = await fleet.run('workers', 'list');
    const checked = await fleet.run('workers', 'check', 'simulated-1');
    const shown = await fleet.run('workers', 'show', 'simulated-2', '--json');

    expect(listed.out.map((line) => line.split(' ')[0])).toEqual(['WORKER', 'simulated-1', 'simulated-2']);
    expect(checked.status).toBe(0);
    expect(parse<{ name: string }>(shown.out).name).toBe('simulated-2');
  });

  it('lists, shows and validates workflows', async () => {
    const listed = await fleet.run('workflows', 'list', '--lang', 'zh');
    const shown = await fleet.run('workflows', 'show', 'solid_color');
    const valid = await fleet.run('workflows', 'validate', 'solid_color', '--param', 'width=128');
    const invalid = await fleet.run('workflows', 'validate', 'solid_color', '--param', 'width=1');

    expect(listed.out.some((line) => line.startsWith('solid_color'))).toBe(true);
    expect(shown.out.join('\n')).toMatch(/width +int +no +512/);
    expect(valid.status).toBe(0);
    expect(valid.out).toContain('width = 128');
    expect([invalid.status, invalid.out[0]?.startsWith('✗ width')]).toEqual([1, true]);
  });

  it('registers, grants and revokes clients', async () => {
    const made = parse<{ client_id: string; client_secret: string }>(
      (await fleet.run('clients', 'register', 'robot', '--description', 'test', '--json')).out,
    );
    const granted = await fleet.run('clients', 'grant', made.client_id, 'raw_graph');
    const revoked = await fleet.run('clients', 'revoke', made.client_id, '--json');
    const listed = await fleet.run('clients', 'list');

    expect(made.client_secret).not.toBe('');
    expect(granted.out[1]).toContain('raw_graph');
    expect(parse<{ revoked_at: string }>(revoked.out).revoked_at).toMatch(/Z$/);
    expect(listed.out.join('\n')).toContain('robot');
  });

  it('CL8 shows open tasks', async () => {
    const { status, out } = await fleet.run('debug', 'pending', '--json');

    expect(status).toBe(0);
    expect(parse<{ tasks: unknown[] }>(out).tasks).toBeInstanceOf(Array);
  });

  it('CL10 checks every open task', async () => {
    expect((await fleet.run('debug', 'check-all')).status).toBe(0);
  });

  it('CL10 resets the connection of a worker by its name', async () => {
    const { status, out } = await fleet.run('debug', 'reset-connection', 'simulated-1', '--json');

    expect(status).toBe(0);
    expect(parse<Worker>(out)).toMatchObject({ name: 'simulated-1', socket: 'connected' });
  });

  it('CL10 shows the worker that has an open task, and resets its connection under it', async () => {
    const args = ['run', 'sdxl_basic', '--param', 'prompt=bound', '--param', 'steps=60'];
    const waiting = startComfleet(args, { cwd: fleet.cwd });
    await waiting.lineOf(/Progress: /);

    const pending = await fleet.run('debug', 'pending', '--json');
    const [bound] = parse<{ tasks: PendingTask[] }>(pending.out).tasks;
    const reset = await fleet.run('debug', 'reset-connection', bound?.worker_name ?? '');

    expect(bound).toMatchObject({
      worker_name: expect.stringMatching(/^simulated-/),
      connection: 'connected',
    });
    expect(reset.status).toBe(0);
    expect(await waiting.lineOf(/^✓ Workflow/)).toMatch(/finished/);
    expect(await waiting.waitForExit()).toBe(0);
  });

  it('CL16 puts all that is known about a failed task into one file', async () => {
    const failing = {
      ...GRAPH,
      '9': { class_type: 'TestSyncError', inputs: { value: ['1', 0] } },
      '2': { class_type: 'SaveImage', inputs: { images: ['9', 0], filename_prefix: 'cli' } },
    };
    await writeFile(join(fleet.cwd, 'failing.json'), JSON.stringify(failing));
    const failed = await fleet.run('run', 'failing.json', '--json');
    const { task_id: taskId } = parse<Task>(failed.out);

    const { status, out } = await fleet.run('debug', 'bundle', taskId, '--out', 'bundle.json');
    const text = await readFile(join(fleet.cwd, 'bundle.json'), 'utf8');
    const again = await fleet.run('debug', 'bundle', taskId, '--out', 'bundle.json');

    expect([status, out]).toEqual([0, [join(fleet.cwd, 'bundle.json')]]);
    expect(JSON.parse(text)).toMatchObject({
      status: 'failed',
      error: { code: 'NODE_EXECUTION_ERROR', details: { node_id: '9' } },
      last_progress: { nodes_total: 3, current_node: '9' },
      worker: { name: expect.stringMatching(/^simulated-/), socket: 'connected' },
      comfyui_log: { lines: expect.arrayContaining(['got prompt']) },
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      health: { status: 'ok' },
      task: { task_id: taskId, attempts: [{ number: 1, ending: 'failed' }] },
    });
    expect(again.status).toBe(2);
  });

  it('CL9 checks a task by its prompt id', async () => {
    const ran = parse<Task>((await fleet.run('run', 'solid_color', '--json')).out);
    const { status, out } = await fleet.run('debug', 'check', ran.prompt_id ?? '', '--json');

    expect(status).toBe(0);
    expect(parse<object>(out)).toMatchObject({ task_id: ran.task_id, status: 'succeeded' });
  });

  it('CL5 verifies the whole installation', async () => {
    const { status, out } = await fleet.run('verify', '--json');

    expect(parse<object>(out)).toMatchObject({
      ok: true,
      checks: ['configuration', 'server', 'database', 'redis', 'workflows', 'workers', 'task'].map(
        (check) => ({
          check,
          ok: true,
        }),
      ),
    });
    expect(status).toBe(0);
  });

  it('shows the version of the schema', async () => {
    const { status, out } = await fleet.run('db', 'status', '--json');

    expect(status).toBe(0);
    expect(parse<object>(out)).toMatchObject({ driver: 'sqlite', pending: [] });
  });

  it('a schema is not migrated under a server that runs on it; the refusal says where it is', async () => {
    const { status, err } = await fleet.run('db', 'migrate');

    expect(status).not.toBe(0);
    expect(err.join('\n')).toContain(new URL(fleet.credential.url).port);
  });
});
