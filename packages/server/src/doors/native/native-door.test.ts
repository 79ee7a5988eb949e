import { parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import { ERRORS, taskDetailSchema, taskPageSchema } from '@comfleet/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TASK_ID } from '../../../test/kit/fake-calls/samples.ts';
import { openTestServer, type TestServer } from '../../../test/kit/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(async () => {
  await server.close();
});

const JSON_TYPE = { 'content-type': 'application/json' };

function post(url: string, payload: unknown, headers: Record<string, string> = server.owner.headers) {
  const isText = typeof payload === 'string';
  return server.app.inject({
    method: 'POST',
    url,
    headers: isText ? { ...JSON_TYPE, ...headers } : headers,
    payload: isText ? payload : (payload as object),
  });
}

function get(url: string, headers: Record<string, string> = server.owner.headers) {
  return server.app.inject({ url, headers });
}

test('API1 API2 registering over HTTP shows the secret once, and it can be exchanged for a token', async () => {
  const made = await post(
    '/api/v2/auth/register',
    { client_name: 'test_client', description: '测试客户端' },
    server.local.headers,
  );
  expect(made.statusCode).toBe(201);
  expect(made.json()).toEqual({
    client_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    client_secret: expect.stringMatching(/^cfs_/),
    client_name: 'test_client',
  });
  const { client_id, client_secret } = made.json();
  const bought = (await post('/api/v2/auth/token', { client_id, client_secret }, {})).json();
  expect(bought).toMatchObject({
    token_type: 'bearer',
    expires_in: 3600,
    expires_at: '2026-01-01T01:00:00.000Z',
  });
  const me = await get('/api/v2/auth/me', { authorization: `Bearer ${bought.access_token}` });
  expect(me.json()).toEqual({
    principal_id: client_id,
    kind: 'client',
    name: 'test_client',
    role: 'member',
    grants: [],
    permissions: ['tasks.run'],
  });
  const clients = await get('/api/v2/admin/clients', server.local.headers);
  expect(clients.body).not.toContain('cfs_');
});

test('API1 registration is open to strangers only when the configuration says so', async () => {
  const open = await openTestServer({ config: 'auth: { open_registration: true }' });
  const request = { method: 'POST', url: '/api/v2/auth/register', payload: { client_name: 'x' } } as const;
  expect((await open.app.inject(request)).statusCode).toBe(201);
  await open.close();
  expect((await server.app.inject(request)).json().error.code).toBe('REGISTRATION_CLOSED');
});

test('AU2 a revoked client is refused by the very next request', async () => {
  expect((await get('/api/v2/auth/me')).statusCode).toBe(200);
  await post(`/api/v2/admin/clients/${server.owner.principal.id}/revoke`, {}, server.local.headers);
  const answer = await get('/api/v2/auth/me');
  expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
});

test('AU1 with enable_client_auth off everybody acts as the local client, except pages of other sites', async () => {
  const open = await openTestServer({ isOpenToAll: true });
  expect((await open.app.inject('/api/v2/auth/me')).json().name).toBe('local');
  const foreign = await open.app.inject({
    url: '/api/v2/auth/me',
    headers: { origin: 'https://evil.example' },
  });
  expect(foreign.statusCode).toBe(401);
  await open.close();
});

test('TQ1 submitting a named workflow answers 201 with id, status, message, time and position', async () => {
  const answer = await post('/api/v2/tasks', {
    workflow_name: 'sd_basic',
    parameters: { prompt: 'a cat' },
    priority: 7,
  });
  expect(answer.statusCode).toBe(201);
  expect(answer.headers.location).toBe(`/api/v2/tasks/${TASK_ID}`);
  expect(answer.json()).toEqual({
    task_id: TASK_ID,
    status: 'queued',
    message: 'Next in the queue.',
    estimated_time: null,
    queue_position: 0,
    warnings: [],
  });
  expect(server.submitted[0]).toMatchObject({
    actor: { id: server.owner.principal.id },
    door: 'native',
    body: { kind: 'workflow', workflowName: 'sd_basic', parameters: { prompt: 'a cat' } },
    options: { workflow_name: 'sd_basic', priority: 7 },
  });
});

test('WF23 a raw graph reaches the path of tasks with its numbers as written', async () => {
  const graph = '{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":1.0,"steps":1}}}';
  const answer = await post('/api/v2/tasks', `{"graph": ${graph} }`, server.other.headers);
  expect(answer.statusCode).toBe(201);
  expect(server.submitted[0]?.body).toEqual({ kind: 'graph', graph: parseLosslessJson(graph) });
});

test('WF23 a seed parameter beyond 2^53 keeps its digits', async () => {
  await post('/api/v2/tasks', '{"workflow_name":"w","parameters":{"seed":18446744073709551615,"steps":20}}');
  await post('/api/v2/tasks/text-to-image', '{"prompt":"x","seed":9007199254740993}');
  const seeds = server.submitted.map(({ body }) =>
    body.kind === 'workflow' ? String(body.parameters.seed) : '',
  );
  expect(seeds).toEqual(['18446744073709551615', '9007199254740993']);
});

test('a raw graph needs the grant', async () => {
  const answer = await post('/api/v2/tasks', { graph: { '1': { class_type: 'X', inputs: {} } } });
  expect([answer.statusCode, answer.json().error.code]).toEqual([403, 'GRAPH_NOT_GRANTED']);
  expect(server.submitted).toEqual([]);
});

test.each([
  ['nothing to run', {}],
  ['a graph and a workflow', { graph: {}, workflow_name: 'w' }],
  ['an owner', { workflow_name: 'w', owner_id: 'somebody' }],
  ['a state', { workflow_name: 'w', status: 'succeeded' }],
  ['a priority out of range', { workflow_name: 'w', priority: 11 }],
])('API15 a submission with %s answers 400', async (_what, body) => {
  const answer = await post('/api/v2/tasks', body, server.local.headers);
  expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'INVALID_REQUEST']);
  expect(server.submitted).toEqual([]);
});

test.each([
  [{ project_id: 'p'.repeat(37) }, 'project_id', 'expected at most 36 characters'],
  [
    { output_path: `a/${'猫'.repeat(86)}` },
    'output_path',
    'expected at most 1024 bytes, and at most 255 in each name',
  ],
  [
    { output_path: '猫猫猫/'.repeat(125) },
    'output_path',
    'expected at most 1024 bytes, and at most 255 in each name',
  ],
  [{ timeout_seconds: 1e-300 }, 'timeout_seconds', 'expected 0 for no limit, or at least 0.001 seconds'],
  [{ timeout_seconds: 0.0009 }, 'timeout_seconds', 'expected 0 for no limit, or at least 0.001 seconds'],
])('a submission beyond a limit is refused with its field: %j', async (options, path, message) => {
  const answer = await post('/api/v2/tasks', { workflow_name: 'w', ...options });
  expect(answer.json().error).toMatchObject({
    code: 'INVALID_REQUEST',
    details: { problems: [{ path, message }] },
  });
});

test('a submission at the limits is accepted', async () => {
  const options = {
    project_id: 'p'.repeat(36),
    output_path: `a/${'x'.repeat(255)}/b`,
    timeout_seconds: 0.001,
  };
  expect((await post('/api/v2/tasks', { workflow_name: 'w', ...options })).statusCode).toBe(201);
  expect(server.submitted[0]?.options).toMatchObject(options);
});

test('an idempotency key is handed on with a hash of the body, and a repetition answers 200', async () => {
  const headers = { ...server.owner.headers, 'idempotency-key': 'seen-before' };
  const answer = await post('/api/v2/tasks', { workflow_name: 'w' }, headers);
  expect(answer.statusCode).toBe(200);
  await post('/api/v2/tasks', { workflow_name: 'v' }, headers);
  const [first, second] = server.submitted.map((request) => request.idempotency);
  expect(first?.key).toBe('seen-before');
  expect(first?.bodyHash).toMatch(/^[0-9a-f]{64}$/);
  expect(second?.bodyHash).not.toBe(first?.bodyHash);
});

test('an idempotency key of other characters answers 400', async () => {
  const headers = { ...server.owner.headers, 'idempotency-key': 'a b' };
  expect((await post('/api/v2/tasks', { workflow_name: 'w' }, headers)).statusCode).toBe(400);
});

test.each([
  ['API4', 'text-to-image', 'text_to_image'],
  ['API5', 'text-to-image-sdxl', 'text_to_image_sdxl'],
])('%s POST /api/v2/tasks/%s takes the flat body of v1', async (_id, route, taskType) => {
  const body = {
    prompt: 'a beautiful landscape',
    negative_prompt: 'blurry, low quality',
    width: 1024,
    height: 1024,
    workflow_name: 'sdxl_basic',
  };
  expect((await post(`/api/v2/tasks/${route}`, body)).statusCode).toBe(201);
  expect(server.submitted[0]).toMatchObject({
    options: { workflow_name: 'sdxl_basic' },
    body: {
      kind: 'workflow',
      taskType,
      workflowName: 'sdxl_basic',
      strict: true,
      parameters: {
        prompt: 'a beautiful landscape',
        negative_prompt: 'blurry, low quality',
        width: 1024,
        height: 1024,
      },
    },
  });
});

test('API6 image-to-video hands on image_path, duration and fps as the workflow names them', async () => {
  const body = { image_path: 'in.png', duration: 30, fps: 30, workflow_name: 'image_to_video_basic' };
  expect((await post('/api/v2/tasks/image-to-video', body)).statusCode).toBe(201);
  expect(server.submitted[0]?.body).toMatchObject({
    taskType: 'image_to_video',
    parameters: { image: 'in.png', duration: 30, fps: 30 },
  });
});

test('API7 one task, its status and its list fit the contract', async () => {
  const task = await get(`/api/v2/tasks/${TASK_ID}`);
  expect(taskDetailSchema.safeParse(task.json()).error).toBeUndefined();
  const page = await get('/api/v2/tasks');
  expect(taskPageSchema.safeParse(page.json()).error).toBeUndefined();
  expect((await get(`/api/v2/tasks/${TASK_ID}/status`)).json()).toEqual({
    task_id: TASK_ID,
    status: 'succeeded',
    message: 'Done.',
    progress: null,
    queue_position: null,
    estimated_time: null,
    estimated_start: null,
    estimated_end: null,
    error: null,
  });
});

test('filters are passed on, including the names of v1', async () => {
  const query =
    'status=pending,failed&task_type=t&worker=01900000-0000-7000-8000-00000000000a&batch_id=01900000-0000-7000-8000-00000000000b&since=2026-01-01T00:00:00Z&until=1767225600&limit=7&cursor=01900000-0000-7000-8000-000000000001';
  await get(`/api/v2/tasks?${query}`);
  expect(server.owned.calls).toEqual([
    [
      'list',
      server.owner.principal.id,
      {
        states: ['held', 'queued', 'failed'],
        taskType: 't',
        workerId: '01900000-0000-7000-8000-00000000000a',
        batchId: '01900000-0000-7000-8000-00000000000b',
        sinceMs: 1767225600000,
        untilMs: 1767225600000,
        limit: 7,
        cursor: '01900000-0000-7000-8000-000000000001',
      },
    ],
  ]);
});

test('a worker or batch filter that is not an id selects nothing, as an unknown id does', async () => {
  await get('/api/v2/tasks?worker=w&batch_id=b');
  const unused = '00000000-0000-7000-8000-000000000000';
  expect(server.owned.calls).toMatchObject([
    ['list', server.owner.principal.id, { workerId: unused, batchId: unused }],
  ]);
});

test.each(['status=tired', 'since=yesterday', 'limit=0', 'limit=501', 'limit=x'])(
  'the filter %s answers 400',
  async (query) => {
    expect((await get(`/api/v2/tasks?${query}`)).statusCode).toBe(400);
  },
);

test('API7 DELETE and cancel end a task', async () => {
  await server.app.inject({
    method: 'DELETE',
    url: `/api/v2/tasks/${TASK_ID}`,
    headers: server.owner.headers,
  });
  await post(`/api/v2/tasks/${TASK_ID}/cancel`, {});
  expect(server.owned.calls).toEqual([
    ['cancel', TASK_ID],
    ['cancel', TASK_ID],
  ]);
});

test('a POST without a body but with a JSON type is accepted', async () => {
  const answer = await server.app.inject({
    method: 'POST',
    url: `/api/v2/tasks/${TASK_ID}/cancel`,
    headers: { ...server.owner.headers, ...JSON_TYPE },
  });
  expect(answer.statusCode).toBe(200);
});

test('a batch hands on its items with numbers as written, and so its graph', async () => {
  const body =
    '{"graph":{"1":{"class_type":"A","inputs":{"x":1.0}}},"tasks":[{"updates":[{"node_id":"1","input_name":"x","value":18446744073709551615}]}]}';
  const answer = await post('/api/v2/batches', body, server.other.headers);
  expect(answer.statusCode).toBe(201);
  const [, , sent] = server.owned.calls[0] as [
    string,
    unknown,
    { graph: unknown; tasks: { updates: { value: unknown }[] }[] },
  ];
  expect(stringifyLosslessJson(sent.graph)).toBe('{"1":{"class_type":"A","inputs":{"x":1.0}}}');
  expect(String(sent.tasks[0]?.updates[0]?.value)).toBe('18446744073709551615');
});

test('a batch of a graph needs the grant', async () => {
  const answer = await post('/api/v2/batches', { graph: {}, tasks: [{}] });
  expect(answer.json().error.code).toBe('GRAPH_NOT_GRANTED');
});

test('API8 validating hands on the parameters and answers problems and processed values', async () => {
  const answer = await post('/api/v2/workflows/image_to_video_basic/validate', { parameters: { fps: 30 } });
  expect(answer.json()).toEqual({ valid: true, errors: [], warnings: [], processed: {} });
  expect(server.owned.calls).toEqual([['validate', { fps: 30 }]]);
});

test('API17 front ends get types, formats, limits, presets and defaults', async () => {
  expect((await get('/api/v2/config')).json()).toEqual({
    version: '0.0.0-test',
    task_types: [
      {
        name: 'image_to_video',
        default_workflow: 'image_to_video_basic',
        workflows: ['image_to_video_basic'],
        priority: 7,
        max_concurrent_tasks: 3,
      },
    ],
    upload: { formats: ['image/jpeg', 'image/png', 'image/webp'], max_bytes: 10_485_760 },
    limits: {
      json_body_bytes: 1_048_576,
      graph_body_bytes: 33_554_432,
      batch_items: 10_000,
      waiting_tasks: 20_000,
      priority: { min: 1, max: 10 },
    },
    presets: { image_to_video_basic: { length: { short: { duration: 2 } } } },
    defaults: { timeout_seconds: 900, max_attempts: 4, priority: 5 },
    languages: ['en', 'zh'],
  });
});

test('API11 the document names every native route, and every error answer has the envelope', async () => {
  const document = (await server.app.inject('/openapi.json')).json();
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toContain('/api/v2/tasks/{id}/download');
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['TaskDetail', 'Submitted', 'ErrorEnvelope', 'Batch', 'Upload']),
  );
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path as object));
  const statuses = new Set(operations.flatMap((operation) => Object.keys(operation.responses ?? {})));
  const used = new Set(Object.values(ERRORS).map((spec) => String(spec.status)));
  for (const status of ['400', '401', '403', '404', '409', '422', '429']) {
    expect([statuses.has(status), used.has(status)]).toEqual([true, true]);
  }
});
