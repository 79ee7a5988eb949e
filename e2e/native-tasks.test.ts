import { type Client, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { PNG, picture, pictureForm, pictures, slowPicture } from './support/graphs.ts';

describeOnDatabases('tasks over the native door', (database) => {
  let rig: RunningServer;
  let ada: Client;
  let bob: Client;

  beforeAll(async () => {
    rig = await startServer({ database, simulators: [{ previewMethod: 'latent2rgb' }, {}] });
    ada = await rig.register('ada', ['raw_graph']);
    bob = await rig.register('bob', ['raw_graph']);
    // After this an inventory is known, so graphs are checked instead of held.
    await rig.run(ada.token, { graph: picture() });
  });
  afterAll(() => rig?.close());

  test('API4 text-to-image takes the flat body of v1 and gives one picture', async () => {
    const task = await rig.run(
      ada.token,
      { prompt: 'a lighthouse', negative_prompt: 'fog', width: 256, height: 128, steps: 2, seed: 7 },
      '/api/v2/tasks/text-to-image',
    );
    expect([task.status, task.task_type, task.workflow_name]).toEqual([
      'succeeded',
      'text_to_image',
      'sd_basic',
    ]);
    const { graph } = await rig.loadExecuted(task.prompt_id);
    expect(graph['6'].inputs.text).toBe('a lighthouse');
    expect(graph['7'].inputs.text).toBe('fog');
    expect([graph['5'].inputs.width, graph['5'].inputs.height]).toEqual([256, 128]);
    expect([graph['3'].inputs.seed, graph['3'].inputs.steps]).toEqual([7, 2]);
    const file = await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download`);
    expect([file.bytes.readUInt32BE(16), file.bytes.readUInt32BE(20)]).toEqual([256, 128]);
  });

  test('API5 text-to-image-sdxl runs the SDXL workflow with its own default size', async () => {
    const task = await rig.run(
      ada.token,
      { prompt: 'a lighthouse', negative_prompt: '', workflow_name: 'sdxl_basic', steps: 1 },
      '/api/v2/tasks/text-to-image-sdxl',
    );
    expect([task.status, task.task_type, task.workflow_name]).toEqual([
      'succeeded',
      'text_to_image_sdxl',
      'sdxl_basic',
    ]);
    const { graph } = await rig.loadExecuted(task.prompt_id);
    expect([graph['5'].inputs.width, graph['5'].inputs.height]).toEqual([1024, 1024]);
  });

  test('API6 duration and fps decide how many frames the worker makes; 30 s at 30 fps is allowed', async () => {
    const upload = await rig.ask(ada.token, 'POST /api/fleet/uploads', { body: pictureForm('first.png') });
    const task = await rig.run(
      ada.token,
      { image_path: upload.json.upload_id, duration: 30, fps: 30, width: 64, height: 64, steps: 1 },
      '/api/v2/tasks/image-to-video',
    );
    expect(task.status, JSON.stringify(task.error)).toBe('succeeded');
    const { graph } = await rig.loadExecuted(task.prompt_id);
    expect(graph['3'].inputs).toMatchObject({ video_frames: 900, fps: 30 });
    expect(graph['7'].inputs.fps).toBe(30);
    expect(task.results.map((result: { kind: string }) => result.kind)).toEqual(['video']);
  });

  test('API6 a video of 4 s at 6 fps has 24 frames', async () => {
    const upload = await rig.ask(ada.token, 'POST /api/fleet/uploads', { body: pictureForm('first.png') });
    const body = {
      image_path: upload.json.upload_id,
      duration: 4,
      fps: 6,
      workflow_name: 'image_to_video_basic',
    };
    const id = await rig.submit(ada.token, body, '/api/v2/tasks/image-to-video');
    const graph = await rig.ask(ada.token, `GET /api/fleet/tasks/${id}/graph`);
    expect(graph.json['3'].inputs).toMatchObject({ video_frames: 24, fps: 6 });
    await rig.ask(ada.token, `DELETE /api/v2/tasks/${id}`);
  });

  test.each([
    ['id', (upload: Record<string, string>) => upload.upload_id],
    ['name', (upload: Record<string, string>) => upload.name],
    ['base64', () => `data:image/png;base64,${PNG.toString('base64')}`],
  ])(
    'RS10 WF18 an input picture named by its %s is uploaded to the executing worker',
    async (kind, toImage) => {
      const form = pictureForm(`by-${kind}.png`);
      const upload = await rig.ask(ada.token, 'POST /api/fleet/uploads', { body: form });
      expect(upload.status, upload.text).toBe(201);
      const task = await rig.run(ada.token, {
        workflow_name: 'invert_image',
        parameters: { image: toImage(upload.json) },
      });
      expect(task.status, JSON.stringify(task.error)).toBe('succeeded');
      const { graph } = await rig.loadExecuted(task.prompt_id);
      const worker = rig.simulators[Number(task.worker_name.at(-1)) - 1];
      const sent = worker?.ledger.lines().filter((line) => line.event === 'upload');
      expect(sent?.map((line) => line.path)).toContain(graph['1'].inputs.image);
    },
  );

  test('API7 TQ16 the list filters by state, type, worker and time, with a true total and pages', async () => {
    const user = await rig.register('lister', ['raw_graph']);
    const before = new Date().toISOString();
    const ids: string[] = [];
    for (let width = 64; width < 69; width += 1)
      ids.push((await rig.run(user.token, { graph: picture(width) })).task_id);
    const colour = { workflow_name: 'solid_color', parameters: { width: 64, height: 64 } };
    const named = await rig.run(user.token, colour);
    const list = async (query: string) => {
      const { json } = await rig.ask(user.token, `GET /api/v2/tasks?${query}`);
      const found: string[] = json.tasks.map((task: { task_id: string }) => task.task_id);
      return { total: json.total, found, next: json.next_cursor };
    };

    const all = [...ids, named.task_id].reverse();
    expect(await list('')).toEqual({ total: 6, found: all, next: null });
    expect(await list('status=completed&limit=500')).toEqual({ total: 6, found: all, next: null });
    expect(await list('status=failed,pending')).toEqual({ total: 0, found: [], next: null });
    expect(await list('task_type=custom')).toMatchObject({ found: expect.arrayContaining([named.task_id]) });
    expect((await list(`worker=${named.worker_id}`)).found).toContain(named.task_id);
    expect((await list(`since=${before}`)).total).toBe(6);
    expect((await list(`until=${before}`)).total).toBe(0);

    const first = await list('limit=4');
    expect([first.total, first.found]).toEqual([6, all.slice(0, 4)]);
    const second = await list(`limit=4&cursor=${encodeURIComponent(first.next)}`);
    expect(second).toEqual({ total: 6, found: all.slice(4), next: null });
  });

  test('API7 PR10 a client that only polls sees a task through to its file', async () => {
    const id = await rig.submit(ada.token, { graph: picture(72) });
    await rig.finish(ada.token, id);
    const status = await rig.ask(ada.token, `GET /api/v2/tasks/${id}/status`);
    expect(status.json).toMatchObject({
      task_id: id,
      status: 'succeeded',
      queue_position: null,
      error: null,
    });
    expect(status.json.message).not.toBe('');
    const file = await rig.ask(ada.token, `GET /api/v2/tasks/${id}/download`);
    expect(file.headers.get('content-type')).toBe('image/png');
  });

  test('API7 DELETE and POST cancel both end a waiting task, which never reaches a worker', async () => {
    await rig.setMaintenance(true);
    const one = await rig.submit(ada.token, { graph: picture(73) });
    const two = await rig.submit(ada.token, { graph: picture(74) });
    const ended = [
      await rig.ask(ada.token, `DELETE /api/v2/tasks/${one}`),
      await rig.ask(ada.token, `POST /api/v2/tasks/${two}/cancel`),
    ];
    await rig.setMaintenance(false);
    expect(ended.map(({ status, json }) => [status, json.status, json.attempts.length])).toEqual([
      [200, 'canceled', 0],
      [200, 'canceled', 0],
    ]);
    expect((await rig.ask(ada.token, `GET /api/v2/tasks/${one}/download`)).json.error.code).toBe(
      'RESULT_NOT_FOUND',
    );
  });

  test('TQ1 a submission answers at once with id, state, message and estimate', async () => {
    await rig.setMaintenance(true);
    const answer = await rig.ask(ada.token, 'POST /api/v2/tasks', { body: { graph: picture(75) } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/api/v2/tasks/${answer.json.task_id}`);
    expect(answer.json).toMatchObject({
      status: 'queued',
      message: expect.stringMatching(/\w/),
      message_text: { code: 'task.ahead', params: { ahead: expect.any(Number) } },
      warnings: [],
      warning_texts: [],
    });
    expect(Object.keys(answer.json)).toContain('estimated_time');
    await rig.ask(ada.token, `DELETE /api/v2/tasks/${answer.json.task_id}`);
    await rig.setMaintenance(false);
  });

  test('TQ14 the record says who ran what, where, when and with which values', async () => {
    const task = await rig.run(ada.token, {
      workflow_name: 'sd_basic',
      name: 'lighthouse',
      priority: 8,
      timeout_seconds: 60,
      parameters: { prompt: 'a lighthouse', width: 64, height: 64, steps: 1, seed: 11 },
    });
    expect(task).toMatchObject({
      status: 'succeeded',
      name: 'lighthouse',
      owner_id: ada.id,
      task_type: 'text_to_image',
      workflow_name: 'sd_basic',
      workflow_version: '1.0',
      priority: 8,
      timeout_seconds: 60,
      seed: '11',
      attempt_count: 1,
      worker_name: expect.stringMatching(/^gpu-[12]$/),
      prompt_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      error: null,
    });
    expect(task.parameters).toMatchObject({ prompt: 'a lighthouse', width: 64, height: 64, cfg: 8 });
    expect(task.attempts).toHaveLength(1);
    expect(task.attempts[0]).toMatchObject({ number: 1, ending: 'succeeded', prompt_id: task.prompt_id });
    const times = [task.created_at, task.started_at, task.completed_at];
    expect([...times].sort()).toEqual(times);
    expect(task.duration_seconds).toBeCloseTo(
      (Date.parse(task.completed_at) - Date.parse(task.started_at)) / 1000,
      1,
    );
  });

  test('TQ15 position counts the tasks ahead', async () => {
    await rig.setMaintenance(true);
    // A graph of a new shape, which has never run.
    const body = {
      graph: { ...picture(76), '9': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } } },
    };
    const first = (await rig.ask(bob.token, 'POST /api/v2/tasks', { body: { ...body, priority: 5 } })).json;
    const second = (await rig.ask(bob.token, 'POST /api/v2/tasks', { body: { ...body, priority: 5 } })).json;
    const urgent = (await rig.ask(bob.token, 'POST /api/v2/tasks', { body: { ...body, priority: 9 } })).json;
    expect([first.queue_position, second.queue_position, urgent.queue_position]).toEqual([0, 1, 0]);
    const moved = await rig.ask(bob.token, `GET /api/v2/tasks/${second.task_id}/status`);
    expect(moved.json.queue_position).toBe(2);
    for (const { task_id: id } of [first, second, urgent])
      await rig.ask(bob.token, `DELETE /api/v2/tasks/${id}`);
    await rig.setMaintenance(false);
  });

  test('TQ15 the estimate is null while no worker can start it, then seconds that grow with the queue', async () => {
    // A separate server: a graph that never ran is expected to take as long as others with the same models.
    const own = await startServer({ database, simulators: [{}, {}] });
    onTestFinished(() => own.close());
    const { token } = await own.register('cyd', ['raw_graph']);
    // Long compared to a request, so that the queue grows on a slow machine too.
    const runSeconds = 2;
    const body = { graph: slowPicture(runSeconds) };
    await own.run(token, body);
    await own.setMaintenance(true);
    const stuck = await own.ask(token, 'POST /api/v2/tasks', { body });
    expect([stuck.status, stuck.json.estimated_time]).toEqual([201, null]);
    await own.setMaintenance(false);
    const submitted: { task_id: string; estimated_time: number }[] = [];
    // Each with a different length, so that nothing comes from the worker's cache.
    for (let left = 12; left > 0; left -= 1) {
      const next = { graph: slowPicture(runSeconds + left / 1000) };
      const { task_id, estimated_time } = (await own.ask(token, 'POST /api/v2/tasks', { body: next })).json;
      submitted.push({ task_id, estimated_time });
    }
    const [first, last] = [submitted[0], submitted.at(-1)];
    const { json } = await own.ask(token, `GET /api/v2/tasks/${last?.task_id}/status`);
    for (const { task_id: id } of submitted) await own.ask(token, `DELETE /api/v2/tasks/${id}`);
    expect(first?.estimated_time).toBeGreaterThan(0);
    expect(last?.estimated_time).toBeGreaterThan(runSeconds + (first?.estimated_time ?? Number.NaN));
    expect(Date.parse(json.estimated_end)).toBeGreaterThan(Date.parse(json.estimated_start));
  });

  test('TQ13 retry runs a task again with all its values as a new task; old results stay', async () => {
    const task = await rig.run(ada.token, {
      workflow_name: 'sd_basic',
      parameters: { prompt: 'again', width: 64, height: 64, steps: 1 },
    });
    const again = await rig.ask(ada.token, `POST /api/v2/tasks/${task.task_id}/retry?as=task`);
    expect(again.status, again.text).toBe(201);
    const second = await rig.finish(ada.token, again.json.task_id);
    expect(second.task_id).not.toBe(task.task_id);
    expect([second.seed, second.parameters]).toEqual([task.seed, task.parameters]);
    const old = await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download`);
    const fresh = await rig.ask(ada.token, `GET /api/v2/tasks/${second.task_id}/download`);
    expect(old.status).toBe(200);
    expect(fresh.bytes.length).toBe(old.bytes.length);
  });

  test('RS2 results download by index and as one archive, with type and name', async () => {
    const task = await rig.run(ada.token, { graph: pictures(3), name: 'three blues' });
    expect(task.results.map((result: { index: number }) => result.index)).toEqual([0, 1, 2]);
    const second = await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download?index=1`);
    expect(second.headers.get('content-type')).toBe('image/png');
    expect(second.headers.get('content-disposition')).toContain(`"${task.results[1].name}"`);
    expect(second.bytes.length).toBe(task.results[1].size_bytes);
    const all = await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download`);
    expect(all.headers.get('content-type')).toBe('application/zip');
    expect(all.headers.get('content-disposition')).toContain('three blues.zip');
    // The end record of a ZIP has its number of files.
    expect(all.bytes.readUInt16LE(all.bytes.length - 22 + 10)).toBe(3);
    const none = await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download?index=3`);
    expect([none.status, none.json.error.code]).toEqual([404, 'RESULT_NOT_FOUND']);
  });

  test('RS4 two clients with the same file name on one worker each get their own picture', async () => {
    const [one, two] = await Promise.all([
      rig.run(ada.token, { graph: picture(80, 'same') }),
      rig.run(bob.token, { graph: picture(90, 'same') }),
    ]);
    expect([one.results[0].name, two.results[0].name]).toEqual(['same_00001_.png', 'same_00001_.png']);
    const widths = await Promise.all(
      [
        rig.ask(ada.token, `GET /api/v2/tasks/${one.task_id}/download`),
        rig.ask(bob.token, `GET /api/v2/tasks/${two.task_id}/download`),
      ].map(async (answer) => (await answer).bytes.readUInt32BE(16)),
    );
    expect(widths).toEqual([80, 90]);
    const foreign = await rig.ask(bob.token, `GET /api/v2/tasks/${one.task_id}/download`);
    expect(foreign.status).toBe(404);
  });

  test('RS13 files support ranges and say how long they may be cached', async () => {
    const task = await rig.run(ada.token, { graph: picture(81) });
    const whole = await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download`);
    expect(whole.headers.get('cache-control')).toContain('max-age=3600');
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    const part = await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download`, {
      headers: { range: 'bytes=1-3' },
    });
    expect([part.status, part.text]).toEqual([206, 'PNG']);
    expect(part.headers.get('content-range')).toBe(`bytes 1-3/${whole.bytes.length}`);
    const beyond = await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download`, {
      headers: { range: 'bytes=9999999-' },
    });
    expect(beyond.status).toBe(416);
  });

  test('RS9 uploads are checked, hashed, measured, listed, and deleted by their owner alone', async () => {
    const owner = await rig.register('uploader');
    const made = await rig.ask(owner.token, 'POST /api/fleet/uploads', {
      body: pictureForm('photo.png', PNG, 'image'),
    });
    expect(made.json).toMatchObject({
      name: 'photo.png',
      content_type: 'image/png',
      size_bytes: PNG.length,
      width: 1,
      height: 1,
      hash: expect.stringMatching(/^blake3:[0-9a-f]{64}$/),
    });
    const { upload_id: id } = made.json;
    const listed = await rig.ask(owner.token, 'GET /api/fleet/uploads');
    expect(listed.json.uploads.map((upload: { upload_id: string }) => upload.upload_id)).toEqual([id]);
    expect((await rig.ask(ada.token, `GET /api/fleet/uploads/${id}`)).status).toBe(404);
    expect((await rig.ask(ada.token, `DELETE /api/fleet/uploads/${id}`)).status).toBe(404);
    expect((await rig.ask(owner.token, `GET /api/fleet/assets/${id}/content`)).bytes).toEqual(PNG);
    expect((await rig.ask(owner.token, `DELETE /api/fleet/uploads/${id}`)).status).toBe(204);
    expect((await rig.ask(owner.token, `GET /api/fleet/uploads/${id}`)).status).toBe(404);
  });

  test('RS9 a file that is not a picture is refused, whatever its name', async () => {
    const text = await rig.ask(ada.token, 'POST /api/fleet/uploads', {
      body: pictureForm('photo.png', Buffer.from('<html>no picture</html>')),
    });
    expect([text.status, text.json.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA']);
    const large = await rig.ask(ada.token, 'POST /api/fleet/uploads', {
      body: pictureForm('photo.png', Buffer.concat([PNG, Buffer.alloc(10 * 1024 * 1024)])),
    });
    expect([large.status, large.json.error.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  test('API8 workflows are listed by type, described, and checked without running', async () => {
    const list = await rig.ask(ada.token, 'GET /api/v2/workflows?task_type=text_to_image');
    expect(list.json.workflows.map((workflow: { name: string }) => workflow.name)).toEqual(['sd_basic']);
    const one = await rig.ask(ada.token, 'GET /api/v2/workflows/sd_basic');
    expect(one.json.parameters[0]).toMatchObject({ name: 'prompt', required: true });
    expect((await rig.ask(ada.token, 'GET /api/v2/workflows/nothing')).json.error.code).toBe(
      'WORKFLOW_NOT_FOUND',
    );
    const good = await rig.ask(ada.token, 'POST /api/v2/workflows/sd_basic/validate', {
      body: { parameters: { prompt: 'x', width: '512' } },
    });
    expect(good.json).toMatchObject({ valid: true, errors: [] });
    const bad = await rig.ask(ada.token, 'POST /api/v2/workflows/sd_basic/validate', {
      body: { parameters: { width: 63, stepz: 3 } },
    });
    expect(bad.json.valid).toBe(false);
    const named = bad.json.errors.map((problem: { parameter: string }) => problem.parameter);
    expect(named.sort()).toEqual(['prompt', 'stepz', 'width']);
  });

  test('API17 front ends learn types, formats, limits, presets and defaults', async () => {
    const { json } = await rig.ask(ada.token, 'GET /api/v2/config');
    expect(json.task_types).toContainEqual({
      name: 'text_to_image',
      default_workflow: 'sd_basic',
      workflows: ['sd_basic'],
      priority: 5,
      max_concurrent_tasks: null,
    });
    expect(json.upload).toEqual({
      formats: ['image/jpeg', 'image/png', 'image/webp'],
      max_bytes: 10_485_760,
    });
    expect(json.limits).toMatchObject({ batch_items: 10_000, priority: { min: 1, max: 10 } });
    expect(json.presets.sd_basic.resolutions.square).toEqual({ width: 512, height: 512 });
    expect(json.defaults).toEqual({ timeout_seconds: 900, max_attempts: 4, priority: 5 });
  });
});
