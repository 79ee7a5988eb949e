import { demand } from '@comfleet/test-kit/server';
import { expect, test } from 'vitest';
import { FlowRig } from '../../packages/server/test/kit/flow-rig.ts';
import { picture } from '../support/graphs.ts';
import type { Actors } from './jobs.ts';
import { contract, outputOf, Rig } from './rig.ts';

const UNKNOWN = '01900000-0000-7000-8000-0000000000ff';

/** Every operation of the contract as a request without a body; by default for unknown ids. */
export function listRequests(id = UNKNOWN): { operation: string; request: string }[] {
  return contract.operations.map((operation) => ({
    operation: operation.id,
    request: `${operation.method} ${operation.path
      .replace('{id}', id)
      .replace('{hash}', `blake3:${'0'.repeat(64)}`)}`,
  }));
}

/** Forbidden requests, unknown ids, exceeded limits, and failures. */
export function describeRefusals(actors: () => Actors): void {
  test('every operation answers 401 without a bearer and with a wrong one', async () => {
    const { rig } = actors();
    const wrong = { token: `cft_${'a'.repeat(43)}` };
    for (const { request } of listRequests()) {
      for (const client of [null, wrong]) {
        const answer = await rig.ask(client, request);
        expect([request, answer.status, answer.headers.get('www-authenticate')]).toEqual([
          request,
          401,
          'Bearer',
        ]);
        if (!request.startsWith('HEAD')) expect(answer.json.error.code).toBe('unauthorized');
      }
    }
  });

  test('every operation answers 403 to a request for another server name; HEAD, which has no 403, 404', async () => {
    const { rig, alice } = actors();
    for (const { operation, request } of listRequests()) {
      const answer = await rig.askAsHost('rebound.example', alice, request);
      expect([operation, answer.status]).toEqual([operation, operation === 'headAssetByHash' ? 404 : 403]);
      expect(answer.status === 404 ? 'forbidden' : answer.json.error.code).toBe('forbidden');
    }
  });

  test('a client without the grant for graphs cannot submit, yet can read', async () => {
    const { rig } = actors();
    const carol = await rig.register('carol', []);
    const answer = await rig.ask(carol, 'POST /api/v2/jobs', { body: { workflow: picture() } });
    expect([answer.status, answer.json.error.code]).toEqual([403, 'forbidden']);
    expect((await rig.ask(carol, `GET /api/v2/jobs/${UNKNOWN}`)).status).toBe(404);
  });

  test('jobs and assets of others answer exactly as unknown ids and as nonsense do', async () => {
    const { rig, alice, bob } = actors();
    const job = await rig.submit(alice, picture());
    const done = await rig.waitForJob(alice, job.id, ({ status }) => status === 'succeeded');
    const output = outputOf(done).id;
    const withId = contract.operations.filter(({ path }) => path.includes('{id}'));
    expect(withId.map(({ id }) => id).toSorted()).toEqual(
      'cancelJob deleteAsset getAsset getAssetContent getJob getJobEvents getJobWorkflow'.split(' '),
    );
    for (const { method, path } of withId) {
      const foreign = path.includes('/jobs/') ? job.id : output;
      const texts = [];
      for (const id of [foreign, UNKNOWN, 'nonsense', '%2E%2E%2F', 'x'.repeat(400)]) {
        const answer = await rig.ask(bob, `${method} ${path.replace('{id}', id)}`);
        texts.push(`${answer.status} ${answer.text}`);
      }
      expect(new Set(texts).size).toBe(1);
      expect(texts[0]).toMatch(/^404 \{"error":\{"code":"not_found"/);
    }
  });

  test('addresses that are no operation answer 404 in the same envelope', async () => {
    const { rig, alice } = actors();
    for (const path of ['/api/v2/jobs', '/api/v2/jobs/a/b/c', '/api/v2/assets', '/api/v2/assets/a/b/c']) {
      const headers = { authorization: `Bearer ${alice.token}` };
      const answer = await fetch(rig.server.url + path, { headers });
      const body = (await answer.json()) as { error: { code: string } };
      expect([path, answer.status, body.error.code]).toEqual([path, 404, 'not_found']);
    }
  });

  const graph = picture();
  test.each([
    ['an unknown class', { workflow: { ...graph, '9': { class_type: 'NoSuchNode', inputs: {} } } }],
    ['a node without inputs', { workflow: { '1': { class_type: 'EmptyImage' } } }],
    ['an empty graph', { workflow: {} }],
    ['a list for a graph', { workflow: [] }],
    ['a number for a graph', { workflow: 7 }],
    ['no workflow', {}],
    ['a list for a body', []],
    ['the reserved webhook_url', { workflow: graph, webhook_url: 'https://example.com' }],
    ['the reserved inputs', { workflow: graph, inputs: {} }],
    ['extra_data that is no object', { workflow: graph, extra_data: 'x' }],
    ['another key in extra_data', { workflow: graph, extra_data: { auth_token_comfy_org: 'x' } }],
    ['a number as api key', { workflow: graph, extra_data: { api_key_comfy_org: 7 } }],
    ['no JSON', 'not JSON'],
    ['a forbidden key', '{"workflow":{"__proto__":{"class_type":"X","inputs":{}}}}'],
    ['deep nesting', `{"workflow":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`],
    ['nothing', ''],
  ])('a submission with %s answers 422 invalid_workflow', async (_what, body) => {
    const { rig, alice } = actors();
    const answer = await rig.ask(alice, 'POST /api/v2/jobs', { body });
    expect([answer.status, answer.json.error.code]).toEqual([422, 'invalid_workflow']);
    expect(answer.json.error.details).toHaveProperty('node_errors');
  });

  test('a submission of another media type answers 422, and node errors name node, field and reason', async () => {
    const { rig, alice } = actors();
    const headers = { 'content-type': 'text/plain' };
    const plain = await rig.ask(alice, 'POST /api/v2/jobs', {
      body: JSON.stringify({ workflow: graph }),
      headers,
    });
    expect([plain.status, plain.json.error.code]).toEqual([422, 'invalid_workflow']);
    const broken = { '1': graph['1'], '2': { class_type: 'SaveImage', inputs: { filename_prefix: 'x' } } };
    const answer = await rig.ask(alice, 'POST /api/v2/jobs', { body: { workflow: broken } });
    expect(answer.json.error.details?.['node_errors']).toEqual({
      '2': [{ field: 'images', reason: 'required_input_missing', message: expect.any(String) }],
    });
    expect(answer.json.error.message).toMatch(/^Node 2, input 'images': /);
  });

  test("a workflow in ComfyUI's UI format answers 422 workflow_format_ui", async () => {
    const { rig, alice } = actors();
    const body = { workflow: { last_node_id: 1, nodes: [], links: [] } };
    const answer = await rig.ask(alice, 'POST /api/v2/jobs', { body });
    expect([answer.status, answer.json.error.code]).toEqual([422, 'workflow_format_ui']);
  });

  test('a full queue answers 429 with Retry-After and leaves the key free; a used key is told before it', async () => {
    const small = await Rig.open({ workers: 'busy', config: { limits: { waiting_per_client: 2 } } });
    try {
      const dora = await small.register('dora');
      const post = (key: string) =>
        small.ask(dora, 'POST /api/v2/jobs', {
          body: { workflow: picture() },
          headers: { 'idempotency-key': key },
        });
      const jobs = [await post('a'), await post('b')];
      const full = await post('c');
      expect([full.status, full.json.error.code, full.headers.get('retry-after')]).toEqual([
        429,
        'queue_full',
        '5',
      ]);
      expect((await post('a')).json.error.code).toBe('idempotency_key_reuse');
      const waiting = await small.ask(dora, `GET /api/v2/jobs/${jobs[0]?.json.id}`);
      expect(waiting.json).toMatchObject({ status: 'queued', started_at: null, progress: null });
      expect(waiting.json.metrics).toEqual({ queue_ms: null, execution_ms: null });
      const canceled = await small.ask(dora, `POST /api/v2/jobs/${jobs[0]?.json.id}/cancel`);
      expect([canceled.status, canceled.json.status]).toEqual([200, 'canceled']);
      expect((await post('c')).status).toBe(201);
    } finally {
      await small.close();
    }
  });

  test('AU11 a client above its rate limit gets 429 rate_limited with Retry-After', async () => {
    const config = { auth: { registration: 'open' }, rate_limits: { registered_client_per_minute: 1 } };
    const small = await Rig.open({ workers: 'busy', config });
    try {
      const from = { url: small.server.url, token: null };
      const body = { client_name: 'by itself' };
      const { client_id, client_secret } = await demand(from, 'POST /api/v2/auth/register', {
        ...{ status: 201, body },
      });
      const signedIn = await demand(from, 'POST /api/v2/auth/token', { body: { client_id, client_secret } });
      const client = { token: signedIn.access_token };
      const job = `/api/v2/jobs/${UNKNOWN}`;
      expect((await small.ask(client, `GET ${job}`)).status).toBe(404);
      for (const request of [
        `GET ${job}`,
        `GET ${job}/workflow`,
        `GET ${job}/events`,
        `POST ${job}/cancel`,
      ]) {
        const answer = await small.ask(client, request);
        expect([request, answer.status, answer.json.error.code]).toEqual([request, 429, 'rate_limited']);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50);
      }
    } finally {
      await small.close();
    }
  });

  test('one stream too many answers 429 with Retry-After; polling goes on, and the place is free again', async () => {
    const small = await Rig.open({ workers: 'busy', config: { limits: { streams_per_client: 1 } } });
    try {
      const dora = await small.register('dora');
      const job = await small.submit(dora, picture());
      const events = `GET /api/v2/jobs/${job.id}/events`;
      const first = await small.openStream(dora, events);
      const second = await small.ask(dora, events);
      expect([second.status, second.json.error.code, second.headers.get('retry-after')]).toEqual([
        429,
        'too_many_streams',
        '5',
      ]);
      expect((await small.ask(dora, `GET /api/v2/jobs/${job.id}`)).status).toBe(200);
      await small.ask(dora, `POST /api/v2/jobs/${job.id}/cancel`);
      expect((await first.finish()).text).toMatch(/event: status\ndata: \{"status":"canceled"/);
      expect((await small.ask(dora, events)).status).toBe(200);
    } finally {
      await small.close();
    }
  });

  test('every operation answers 500 upstream_error when the database does not answer, and says nothing of it', async () => {
    const flow = await FlowRig.open({ simulators: [] });
    const { app } = flow;
    const broken = new Rig({
      url: app.address,
      token: app.local.token,
      simulators: [],
      close: () => flow.close(),
    });
    try {
      const dora = await broken.register('dora');
      const form = new FormData();
      form.append('content_type', 'text/plain');
      form.append('file_path', 'x');
      form.append('file', new Blob(['x']), 'x');
      const bodies: Record<string, unknown> = {
        postAssets: form,
        assetFromHash: { hash: `blake3:${'0'.repeat(64)}` },
        postJobs: { workflow: picture() },
      };
      await app.database.close();
      for (const { operation, request } of listRequests()) {
        const answer = await broken.ask(dora, request, { body: bodies[operation] });
        expect([operation, answer.status]).toEqual([operation, 500]);
        if (operation !== 'headAssetByHash') {
          expect(answer.json).toEqual({
            error: {
              code: 'upstream_error',
              message: 'Something unexpected failed; try again later.',
              details: null,
            },
          });
        }
      }
    } finally {
      await broken.close();
    }
  });
}
