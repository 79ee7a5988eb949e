import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeOnDatabases } from './services/databases.ts';
import { waitForFile } from './support/files.ts';
import { picture, slowPicture } from './support/graphs.ts';
import { documentedGraph } from './support/text-graph.ts';

/** Saves as editors do: a new file replaces the old one. */
async function replace(rig: RunningServer, config: object | string): Promise<void> {
  await rig.writeConfig(config, `${rig.configFile}.new`);
  await rename(`${rig.configFile}.new`, rig.configFile);
}

async function reload(rig: RunningServer) {
  return (await rig.ask(rig.token, 'POST /api/v2/tasks/reload')).json;
}

const COLOUR = {
  workflow_file: 'colour.json',
  parameter_mapping: { width: { node_id: '1', input_name: 'width', default_value: 96 } },
};

function withWorkflow(workflow: object) {
  return { task_types: { posters: { workflows: { colour: workflow } } } };
}

describeOnDatabases('a configuration that changes while tasks run', (database) => {
  let rig: RunningServer;
  let extra: Simulator | undefined;

  beforeEach(async () => {
    rig = await startServer({ database, simulators: [{}] });
    await writeFile(join(rig.folder, 'colour.json'), JSON.stringify(picture(128)));
    await rig.run(rig.token, { graph: picture() });
  });
  afterEach(async () => {
    await rig.close();
    await extra?.close();
    extra = undefined;
  });

  test('CF3 TQ7 a worker added to the file takes waiting tasks without a restart', async () => {
    await rig.setMaintenance(true);
    const ids = [
      await rig.submit(rig.token, { graph: picture(70) }),
      await rig.submit(rig.token, { graph: picture(71) }),
    ];
    extra = await openSimulator({});
    const config = rig.describe();
    await replace(rig, { ...config, workers: [...config.workers, { name: 'gpu-new', url: extra.url }] });
    const tasks = [await rig.finish(rig.token, ids[0] ?? ''), await rig.finish(rig.token, ids[1] ?? '')];
    expect(tasks.map((task) => [task.status, task.worker_name, task.attempt_count])).toEqual([
      ['succeeded', 'gpu-new', 1],
      ['succeeded', 'gpu-new', 1],
    ]);
  });

  test('TQ7 a higher max_concurrent in the file sends more prompts to the worker at once', async () => {
    await replace(rig, rig.describe({}, { max_concurrent: 1 }));
    expect((await reload(rig)).errors).toEqual([]);
    const [worker] = (await rig.ask(rig.token, 'GET /api/fleet/workers')).json.workers;
    expect(worker.max_concurrent).toBe(1);
    const slow = (width: number) => ({
      graph: {
        ...picture(width),
        '3': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds: 30 } },
      },
    });
    const sleeper = (width: number) => {
      const { graph } = slow(width);
      return {
        graph: { ...graph, '2': { ...graph['2'], inputs: { ...graph['2'].inputs, images: ['3', 0] } } },
      };
    };
    const first = await rig.submit(rig.token, sleeper(72));
    await rig.follow(
      rig.token,
      `/api/v2/tasks/${first}/events`,
      (frame) => frame.data.task?.status === 'running',
    );
    const second = await rig.submit(rig.token, sleeper(73));
    expect((await rig.ask(rig.token, `GET /api/v2/tasks/${second}`)).json.status).toBe('queued');
    await replace(rig, rig.describe({}, { max_concurrent: 2 }));
    await rig.follow(
      rig.token,
      `/api/v2/tasks/${second}/events?after=0`,
      (frame) => frame.data.event?.type === 'attempt.submitted',
    );
    const both = await rig.ask(rig.token, 'GET /api/v2/tasks?status=running');
    expect(both.json.total).toBe(2);
    for (const id of [second, first]) await rig.ask(rig.token, `DELETE /api/v2/tasks/${id}`);
  });

  test('WF10 TQ4 limit, priority and switch of a task type in the file apply from the next task on', async () => {
    const limit = (custom: object) => replace(rig, rig.describe({ task_types: { custom } }));
    await limit({ max_concurrent_tasks: 1, priority: 8 });
    expect((await reload(rig)).errors).toEqual([]);
    const first = await rig.submit(rig.token, { graph: slowPicture(30) });
    await rig.follow(
      rig.token,
      `/api/v2/tasks/${first}/events`,
      (frame) => frame.data.task?.status === 'running',
    );
    const second = await rig.submit(rig.token, { graph: slowPicture(31) });
    const waiting = (await rig.ask(rig.token, `GET /api/v2/tasks/${second}`)).json;
    expect([waiting.status, waiting.priority]).toEqual(['queued', 8]);
    await limit({ max_concurrent_tasks: 2, enabled: false });
    await rig.follow(
      rig.token,
      `/api/v2/tasks/${second}/events?after=0`,
      (frame) => frame.data.event?.type === 'attempt.submitted',
    );
    const refused = await rig.ask(rig.token, 'POST /api/v2/tasks', { body: { graph: picture() } });
    expect([refused.status, refused.json.error.code]).toEqual([403, 'TASK_TYPE_DISABLED']);
    for (const id of [second, first]) await rig.ask(rig.token, `DELETE /api/v2/tasks/${id}`);
  });

  test('P16 CF3 a file that is not valid keeps everything as it was, and reload says what is wrong', async () => {
    await rig.setMaintenance(true);
    const id = await rig.submit(rig.token, { graph: picture(74) });
    await replace(rig, 'workers: [{ url: 5 }]\nlogging: { levle: debug }\n');
    const answer = await reload(rig);
    const reported = JSON.stringify(answer.errors);
    expect(reported).toContain('workers[0].url');
    expect(reported).toContain('did you mean \\"level\\"');
    const { workers } = (await rig.ask(rig.token, 'GET /api/fleet/workers')).json;
    expect(workers.map((worker: { name: string }) => worker.name)).toEqual(['gpu-1']);
    await rig.setMaintenance(false);
    expect((await rig.finish(rig.token, id)).status).toBe('succeeded');
  });

  test('J2 CF3 a worker that leaves the file finishes what it has, and waiting tasks go elsewhere', async () => {
    extra = await openSimulator({});
    const config = rig.describe();
    const running = await rig.submit(rig.token, {
      workflow_name: 'solid_color',
      parameters: { width: 64, height: 64 },
    });
    expect((await rig.finish(rig.token, running)).worker_name).toBe('gpu-1');
    await rig.setMaintenance(true);
    const waiting = await rig.submit(rig.token, { graph: picture(75) });
    await replace(rig, { ...config, workers: [{ name: 'gpu-2', url: extra.url }] });
    const task = await rig.finish(rig.token, waiting);
    expect([task.status, task.worker_name, task.attempt_count]).toEqual(['succeeded', 'gpu-2', 1]);
    const { workers } = (await rig.ask(rig.token, 'GET /api/fleet/workers')).json;
    expect(workers.map((worker: { name: string }) => worker.name)).toEqual(['gpu-2']);
    const old = await rig.ask(rig.token, `GET /api/v2/tasks/${running}/download`);
    expect(old.status).toBe(200);
  });

  test('CF3 WF3 a workflow added to the file runs at once: request before config default before graph value', async () => {
    const submit = (parameters: object) => rig.run(rig.token, { workflow_name: 'colour', parameters });
    const missing = await rig.ask(rig.token, 'POST /api/v2/tasks', { body: { workflow_name: 'colour' } });
    expect(missing.json.error.code).toBe('WORKFLOW_NOT_FOUND');
    await replace(rig, rig.describe(withWorkflow(COLOUR)));
    expect((await reload(rig)).errors).toEqual([]);
    const widthOf = async (parameters: object) =>
      (await rig.loadExecuted((await submit(parameters)).prompt_id)).graph['1'].inputs.width;
    expect(await widthOf({ width: 80 })).toBe(80);
    expect(await widthOf({})).toBe(96);
    const mapping = { width: { node_id: '1', input_name: 'width' } };
    await replace(rig, rig.describe(withWorkflow({ ...COLOUR, parameter_mapping: mapping })));
    expect((await reload(rig)).errors).toEqual([]);
    expect(await widthOf({})).toBe(128);
  });

  test('J2 CF3 a workflow file that breaks keeps its last good form; a task accepted before keeps its graph', async () => {
    await replace(rig, rig.describe(withWorkflow(COLOUR)));
    await reload(rig);
    await rig.setMaintenance(true);
    const id = await rig.submit(rig.token, { workflow_name: 'colour' });
    await writeFile(join(rig.folder, 'colour.json'), '{"1": {"class_type":');
    expect(JSON.stringify((await reload(rig)).errors)).toContain('colour');
    await rig.setMaintenance(false);
    expect((await rig.finish(rig.token, id)).status).toBe('succeeded');
    expect((await rig.run(rig.token, { workflow_name: 'colour' })).status).toBe('succeeded');
  });

  test('CF4 workflow_files are read at the start and again on reload', async () => {
    const file = join(rig.folder, 'more.yaml');
    await writeFile(file, JSON.stringify(withWorkflow(COLOUR)));
    await replace(rig, rig.describe({ workflow_files: ['more.yaml'] }));
    expect((await reload(rig)).errors).toEqual([]);
    const task = await rig.run(rig.token, { workflow_name: 'colour' });
    expect([task.status, task.task_type]).toEqual(['succeeded', 'posters']);
    await writeFile(file, JSON.stringify({ task_types: {} }));
    await reload(rig);
    const gone = await rig.ask(rig.token, 'POST /api/v2/tasks', { body: { workflow_name: 'colour' } });
    expect(gone.json.error.code).toBe('WORKFLOW_NOT_FOUND');
  });

  test('CF4 logging.level decides what is written', async () => {
    expect(await rig.stop()).toBe(0);
    await rig.writeConfig(rig.describe({ logging: { level: 'error' } }));
    const log = join(rig.dataDir, 'logs', 'system.log');
    const before = (await readFile(log, 'utf8')).length;
    expect(before).toBeGreaterThan(0);
    await rig.start();
    await rig.run(rig.token, { graph: picture(76) });
    expect((await readFile(log, 'utf8')).slice(before)).not.toContain('"level":"info"');
  });
});

describeOnDatabases('what the file and the environment decide', (database) => {
  let rig: RunningServer;
  afterEach(() => rig?.close());

  test('RS3 RS7 output_dir starts at the file, a request names a folder below it and a pattern of its own', async () => {
    rig = await startServer({
      database,
      config: { comfyui: { output_dir: 'pictures/out' } },
      simulators: [{}],
    });
    const task = await rig.run(rig.token, {
      graph: picture(),
      output_path: 'a/b',
      file_name: 'poster-{index}',
    });
    const folder = join(rig.folder, 'pictures', 'out', 'a', 'b');
    expect(await waitForFile(folder, /^poster-0_.*\.png$/)).toContain(task.task_id.slice(-12));
    const absolute = join(rig.folder, 'elsewhere');
    expect(await rig.stop()).toBe(0);
    await rig.writeConfig(rig.describe({ comfyui: { output_dir: absolute } }));
    await rig.start();
    await rig.run(rig.token, { graph: picture(65), output_path: 'x' });
    expect(await waitForFile(join(absolute, 'x'), /\.png$/)).toMatch(/^red_/);
  });

  test('CF1 the environment wins over the file, by our names and by those of v1', async () => {
    const base = await startServer({
      database,
      simulators: [{}],
      config: { instances: { log_dir: 'from-file' }, limits: { waiting_per_client: 1 } },
      environment: { COMFLEET__LIMITS__WAITING_PER_CLIENT: '2', COMFYUI_TIMEOUT: '77' },
    });
    rig = base;
    const { json } = await rig.ask(rig.token, 'GET /api/v2/config');
    expect([json.limits.waiting_tasks, json.defaults.timeout_seconds]).toEqual([2, 77]);
  });

  test('CF8 the config.yaml of v1, with only addresses and secrets changed, runs its workflow', async () => {
    const text = await readFile(new URL('support/v1/config.yaml', import.meta.url), 'utf8');
    rig = await startServer({ database, simulators: [{}, {}] });
    expect(await rig.stop()).toBe(0);
    const documented = parse(text);
    const [node, single] = rig.simulators.map(({ url }) => new URL(url));
    Object.assign(documented.nodes.static_nodes[0], { host: '127.0.0.1', port: Number(node?.port) });
    documented.comfyui.port = Number(single?.port);
    const folder = join(rig.folder, 'workflows', 'text_to_image');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '文生图.json'), JSON.stringify(documentedGraph()));
    const { server, database: records } = rig.describe();
    await rig.writeConfig({ ...documented, server, database: records });
    await rig.start();
    const client = await rig.register('documented');
    const { workers } = (await rig.ask(rig.token, 'GET /api/fleet/workers')).json;
    expect(workers.map((worker: { name: string }) => worker.name).sort()).toEqual([
      'comfyui',
      'comfyui-worker-1',
    ]);
    expect(workers.find((worker: { name: string }) => worker.name === 'comfyui-worker-1')).toMatchObject({
      max_concurrent: 4,
      capabilities: ['text_to_image'],
      metadata: { location: 'worker-server-1', gpu_model: 'RTX 4090' },
    });
    const body = { prompt: 'a red fox', workflow_name: 'sd_basic', output_path: 'shown' };
    const task = await rig.run(client.token, body, '/api/v2/tasks/text-to-image');
    expect(task.status, JSON.stringify(task.error)).toBe('succeeded');
    const { graph } = await rig.loadExecuted(task.prompt_id);
    expect([graph['314'].inputs.text, graph['135'].inputs.width]).toEqual(['a red fox', 512]);
    expect(await waitForFile(join(rig.folder, 'outputs', 'shown'), /\.png$/)).toMatch(/^documented_/);
    const settings = (await rig.ask(client.token, 'GET /api/v2/config')).json;
    expect(settings.defaults.max_attempts).toBe(4);
    expect(rig.lines.join('\n')).toContain('auth.secret_key');
    expect(await readdir(join(rig.folder, 'outputs'))).toEqual(['shown']);
  });
});
