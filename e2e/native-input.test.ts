import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { listFiles } from './support/files.ts';
import { PNG, picture } from './support/graphs.ts';

const LARGEST = '18446744073709551615';
const NOT_EXACT = '9007199254740993';

/** Writes the seed as digits, which a JavaScript number could not hold. */
function sampled(seed: string): string {
  return `{"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"random-a.safetensors"}},"6":{"class_type":"CLIPTextEncode","inputs":{"text":"a cat","clip":["4",1]}},"5":{"class_type":"EmptyLatentImage","inputs":{"width":64,"height":64,"batch_size":1}},"3":{"class_type":"KSampler","inputs":{"seed":${seed},"steps":1,"cfg":1.0,"sampler_name":"euler","scheduler":"normal","denoise":1,"model":["4",0],"positive":["6",0],"negative":["6",0],"latent_image":["5",0]}},"8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},"9":{"class_type":"SaveImage","inputs":{"images":["8",0],"filename_prefix":"cat"}}}`;
}

const FLAT = '"prompt":"a cat","width":64,"height":64,"steps":1';

describeOnDatabases('input over the native door', (database) => {
  let rig: RunningServer;
  let ada: Client;
  let inputDir: string;

  beforeAll(async () => {
    rig = await startServer({
      database,
      config: { comfyui: { input_dir: 'pictures' }, limits: { graph_body_bytes: 200_000 } },
    });
    ada = await rig.register('ada', ['raw_graph']);
    await rig.run(ada.token, { graph: picture() });
    inputDir = join(rig.folder, 'pictures');
    await mkdir(join(inputDir, 'sub'), { recursive: true });
    await writeFile(join(inputDir, 'sub', 'ok.png'), PNG);
    await writeFile(join(rig.folder, 'secret.png'), PNG);
    await symlink(join(rig.folder, 'secret.png'), join(inputDir, 'link.png'));
  });
  afterAll(() => rig?.close());

  test.each([
    ['POST /api/v2/tasks', `{"workflow_name":"sd_basic","parameters":{${FLAT},"seed":${LARGEST}}}`],
    ['POST /api/v2/tasks', `{"workflow_name":"sd_basic","parameters":{${FLAT},"seed":"${LARGEST}"}}`],
    ['POST /api/v2/tasks', `{"graph":${sampled(LARGEST)}}`],
    ['POST /api/v2/tasks/text-to-image', `{${FLAT},"seed":${LARGEST}}`],
    ['POST /api/v2/tasks/text-to-image-sdxl', `{${FLAT},"seed":${LARGEST}}`],
  ])('WF23 %s with %s brings the seed to the worker as written, and retry again', async (route, body) => {
    const made = await rig.ask(ada.token, route, { body });
    expect(made.status, made.text).toBe(201);
    const first = await rig.finish(ada.token, made.json.task_id);
    expect((await rig.loadExecuted(first.prompt_id)).text).toMatch(new RegExp(`"seed": ?${LARGEST}[,}]`));
    expect(first.seed).toBe(LARGEST);
    const again = await rig.ask(ada.token, `POST /api/v2/tasks/${first.task_id}/retry`);
    const second = await rig.finish(ada.token, again.json.task_id);
    expect((await rig.loadExecuted(second.prompt_id)).text).toMatch(new RegExp(`"seed": ?${LARGEST}[,}]`));
    const graph = await rig.ask(ada.token, `GET /api/fleet/tasks/${second.task_id}/graph`);
    expect(graph.text).toMatch(new RegExp(`"seed": ?${LARGEST}[,}]`));
  });

  test.each([
    [
      'parameters',
      `{"workflow_name":"sd_basic","parameters":{${FLAT}},"tasks":[{"parameters":{"seed":${NOT_EXACT}}}]}`,
    ],
    [
      'common parameters',
      `{"workflow_name":"sd_basic","parameters":{${FLAT},"seed":${NOT_EXACT}},"tasks":[{}]}`,
    ],
    [
      'updates',
      `{"graph":${sampled('1')},"tasks":[{"updates":[{"node_id":"3","input_name":"seed","value":${NOT_EXACT}}]}]}`,
    ],
  ])('WF23 BG10 a batch brings seeds of its %s to the worker as written', async (_kind, body) => {
    const made = await rig.ask(ada.token, 'POST /api/v2/batches', { body });
    expect(made.status, made.text).toBe(201);
    const task = await rig.finish(ada.token, made.json.task_ids[0]);
    expect(task.status, JSON.stringify(task.error)).toBe('succeeded');
    expect((await rig.loadExecuted(task.prompt_id)).text).toMatch(new RegExp(`"seed": ?${NOT_EXACT}[,}]`));
    expect(task.seed).toBe(NOT_EXACT);
  });

  test('WF23 1.0 and 1 stay what the caller wrote', async () => {
    const id = (await rig.ask(ada.token, 'POST /api/v2/tasks', { body: `{"graph":${sampled('3')}}` })).json
      .task_id;
    const graph = await rig.ask(ada.token, `GET /api/fleet/tasks/${id}/graph`);
    expect(graph.text).toMatch(/"cfg": ?1\.0[,}]/);
    expect(graph.text).toMatch(/"denoise": ?1[,}]/);
  });

  test.each([
    ['18446744073709551616', 'above 2^64 − 1'],
    ['-2', 'below −1'],
    ['1.5', 'not whole'],
    ['"12a"', 'no number'],
    ['true', 'no number either'],
    ['[1]', 'a list'],
  ])('WF23 a seed of %s is refused: %s', async (seed) => {
    const body = `{"workflow_name":"sd_basic","parameters":{${FLAT},"seed":${seed}}}`;
    const answer = await rig.ask(ada.token, 'POST /api/v2/tasks', { body });
    expect([answer.status, answer.json.error.code]).toEqual([422, 'INVALID_PARAMETERS']);
    expect(answer.json.error.details.problems[0].parameter).toBe('seed');
  });

  test.each([
    ['POST /api/v2/tasks', '', 400],
    ['POST /api/v2/tasks', 'null', 400],
    ['POST /api/v2/tasks', '[]', 400],
    ['POST /api/v2/tasks', '"text"', 400],
    ['POST /api/v2/tasks', '{', 400],
    ['POST /api/v2/tasks', '{"a":1}{"b":2}', 400],
    ['POST /api/v2/tasks', '{}', 400],
    ['POST /api/v2/tasks', '{"workflow_name":7}', 400],
    ['POST /api/v2/tasks', '{"workflow_name":"sd_basic","unknown":1}', 400],
    ['POST /api/v2/tasks', '{"workflow_name":"sd_basic","priority":11}', 400],
    ['POST /api/v2/tasks', '{"workflow_name":"sd_basic","timeout_seconds":-1}', 400],
    ['POST /api/v2/tasks', '{"workflow_name":"sd_basic","parameters":[]}', 400],
    ['POST /api/v2/tasks', '{"workflow_name":"sd_basic","graph":{}}', 400],
    ['POST /api/v2/tasks', '{"workflow_name":"none"}', 404],
    ['POST /api/v2/tasks', '{"graph":{"1":{"class_type":"Nothing","inputs":{}}}}', 422],
    ['POST /api/v2/tasks', '{"graph":{"1":5}}', 422],
    ['POST /api/v2/tasks', '{"graph":{}}', 422],
    ['POST /api/v2/tasks', '{"graph":{"nodes":[],"links":[]}}', 422],
    ['POST /api/v2/tasks', '{"workflow_name":"sd_basic","parameters":{"prompt":{"a":1}}}', 422],
    ['POST /api/v2/tasks', '{"workflow_name":"sd_basic","parameters":{"__proto__":1,"prompt":"x"}}', 400],
    ['POST /api/v2/tasks/text-to-image', '{"prompt":5}', 400],
    ['POST /api/v2/tasks/text-to-image', '{"prompt":"x","widht":64}', 422],
    ['POST /api/v2/tasks/text-to-image', '{"prompt":"x","width":65}', 422],
    ['POST /api/v2/tasks/text-to-image', `{"prompt":"${'x'.repeat(2001)}"}`, 422],
    ['POST /api/v2/tasks/image-to-video', '{"duration":2}', 422],
    ['POST /api/v2/batches', '{"workflow_name":"solid_color"}', 400],
    ['POST /api/v2/batches', '{"workflow_name":"solid_color","tasks":[]}', 400],
    ['POST /api/v2/batches', '{"workflow_name":"solid_color","tasks":[{"parameters":{"width":"x"}}]}', 422],
    ['POST /api/v2/batches', '{"workflow_name":"solid_color","tasks":[{}],"descriptions":["a"]}', 400],
    ['POST /api/v2/auth/token', '{"client_id":1}', 400],
    ['GET /api/v2/tasks?limit=0', undefined, 400],
    ['GET /api/v2/tasks?limit=501', undefined, 400],
    ['GET /api/v2/tasks?status=nearly', undefined, 400],
    ['GET /api/v2/tasks?cursor=broken', undefined, 400],
    ['GET /api/v2/tasks?since=yesterday', undefined, 400],
  ])('API15 %s with %s is refused with %i and leaves no task', async (route, body, status) => {
    const before = (await rig.ask(ada.token, 'GET /api/v2/tasks')).json.total;
    const headers = { 'content-type': 'application/json' };
    const answer = await rig.ask(ada.token, route, body === undefined ? {} : { body, headers });
    expect([answer.status, Object.keys(answer.json)], answer.text).toEqual([status, ['error', 'request_id']]);
    expect((await rig.ask(ada.token, 'GET /api/v2/tasks')).json.total).toBe(before);
  });

  test('API15 a body over the limit answers 413', async () => {
    const graph = {
      ...picture(),
      '9': { class_type: 'CLIPTextEncode', inputs: { text: 'x'.repeat(200_000) } },
    };
    const answer = await rig.ask(ada.token, 'POST /api/v2/tasks', { body: { graph } });
    expect([answer.status, answer.json.error.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  test('RS10 a picture below input_dir may be named by its path', async () => {
    const body = { workflow_name: 'invert_image', parameters: { image: 'sub/ok.png' } };
    const task = await rig.run(ada.token, body);
    expect(task.status, JSON.stringify(task.error)).toBe('succeeded');
  });

  test.each([
    ['../secret.png'],
    ['sub/../../secret.png'],
    ['link.png'],
    ['/etc/passwd'],
    ['..\\secret.png'],
    ['file:///etc/passwd'],
    ['http://127.0.0.1:1/a.png'],
    ['data:image/png;base64,bm90IGEgcGljdHVyZQ=='],
    ['sub'],
    [''],
    ['a\u0000.png'],
  ])('RS10 %j is not a picture that may be named', async (image) => {
    const answer = await rig.ask(ada.token, 'POST /api/v2/tasks', {
      body: { workflow_name: 'invert_image', parameters: { image } },
    });
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
    expect(answer.status, answer.text).toBeLessThan(500);
    expect(answer.text).not.toContain(rig.folder);
  });

  test.each([['../../outside'], ['/tmp/outside-comfleet'], ['a/../../outside'], ['..\\outside']])(
    'RS7 an output_path of %j leaves nothing outside output_dir',
    async (path) => {
      const body = { graph: picture(), output_path: path, file_name: '../../{task}' };
      const answer = await rig.ask(ada.token, 'POST /api/v2/tasks', { body });
      const refused = answer.status === 400 || answer.status === 422;
      const place = refused ? 'refused' : (await rig.finish(ada.token, answer.json.task_id)).status;
      expect(['refused', 'succeeded']).toContain(place);
      const names = refused
        ? []
        : await listFiles(join(rig.dataDir, 'outputs'), answer.json.task_id.slice(-12));
      expect(names.length).toBe(refused ? 0 : 1);
    },
  );
});
