import { rename } from 'node:fs/promises';
import { type Client, type Json, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { picture } from './support/graphs.ts';

/*
 * The administrator's rules for graphs, from the file to the worker: refused at submission, checked again before the POST.
 */

let rig: RunningServer;
let artist: Client;

const POLICIES = [
  { name: 'small-pictures', for: { clients: ['artist'] }, max: { width: 256 } },
  { name: 'no-inverting', for: { roles: ['member'] }, deny: { nodes: ['ImageInvert'] } },
  { name: 'gemini', for: { clients: ['studio'] }, lift: { nodes: ['OpenAI*'] } },
];

beforeEach(async () => {
  rig = await startServer({ simulators: [{}], config: { policies: POLICIES } });
  await rig.whenOnline();
  artist = await rig.register('artist', ['raw_graph']);
});
afterEach(() => rig.close());

/** Saves as editors do: a new file replaces the old one. */
async function setPolicies(policies: readonly object[]): Promise<void> {
  await rig.writeConfig(rig.describe({ policies }), `${rig.configFile}.new`);
  await rename(`${rig.configFile}.new`, rig.configFile);
  await rig.ask(rig.token, 'POST /api/v2/tasks/reload');
}

const API_NODE = {
  '1': { class_type: 'OpenAIDalle3', inputs: { prompt: 'a cat' } },
  '2': { class_type: 'SaveImage', inputs: { filename_prefix: 'paid', images: ['1', 0] } },
};

const inverted = {
  ...picture(512),
  '3': { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
  '2': { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: 'inverted' } },
};

const REFUSED = {
  rules: ['small-pictures', 'no-inverting'],
  node_errors: {
    '1': {
      class_type: 'EmptyImage',
      errors: [
        {
          type: 'policy',
          message: 'Rule "small-pictures" allows width up to 256, not 512',
          input_name: 'width',
          rule: 'small-pictures',
        },
      ],
    },
    '3': {
      class_type: 'ImageInvert',
      errors: [
        {
          type: 'policy',
          message: 'Rule "no-inverting" refuses node class ImageInvert',
          input_name: null,
          rule: 'no-inverting',
        },
      ],
    },
  },
};

test('AU15 a graph is refused per node, with class and rule, as a task and in a batch', async () => {
  const task = await rig.ask(artist.token, 'POST /api/v2/tasks', { body: { graph: inverted } });
  expect([task.status, task.json.error.code]).toEqual([403, 'POLICY_REFUSED']);
  expect(task.json.error.details).toEqual(REFUSED);
  const update = { node_id: '1', input_name: 'width', value: 300 };
  const body = { graph: picture(64), tasks: [{}, { updates: [update] }] };
  const batch = await rig.ask(artist.token, 'POST /api/v2/batches', { body });
  expect([batch.status, batch.json.error.code]).toEqual([403, 'POLICY_REFUSED']);
});

test('AU15 the door of the Comfy API v2 answers 403 with the node and its rule', async () => {
  const job = await rig.ask(artist.token, 'POST /api/v2/jobs', { body: { workflow: inverted } });
  expect([job.status, job.json.error.code]).toEqual([403, 'forbidden']);
  expect(job.json.error.details.node_errors['3']).toEqual([
    { field: null, reason: 'policy', message: 'Rule "no-inverting" refuses node class ImageInvert' },
  ]);
});

test('AU15 rules bind those they are for: an administrator runs what a client may not', async () => {
  const own = await rig.run(rig.token, { graph: inverted });
  expect(own.status).toBe('succeeded');
  const other = await rig.register('other', ['raw_graph']);
  expect((await rig.run(other.token, { graph: picture(512) })).status).toBe('succeeded');
});

test('AU15 without a rule only administrators run nodes that reach the network; a lift permits them to others', async () => {
  const refused = await rig.ask(artist.token, 'POST /api/v2/tasks', { body: { graph: API_NODE } });
  expect(refused.json.error.details.node_errors).toMatchObject({
    '1': { class_type: 'OpenAIDalle3', errors: [{ rule: 'reaches-network' }] },
  });
  const studio = await rig.register('studio', ['raw_graph']);
  expect((await rig.run(studio.token, { graph: API_NODE })).status).toBe('succeeded');
  expect((await rig.run(rig.token, { graph: API_NODE })).status).toBe('succeeded');
});

test('AU15 a rule that is tightened while a task waits ends it before it is sent, and it is not tried again', async () => {
  await rig.setMaintenance(true);
  const id = await rig.submit(artist.token, { graph: picture(200) });
  await setPolicies([{ name: 'tiny-pictures', max: { width: 100 } }]);
  await rig.setMaintenance(false);
  const task = await rig.finish(artist.token, id);
  expect(task).toMatchObject({
    status: 'failed',
    attempt_count: 1,
    error: {
      code: 'POLICY_REFUSED',
      details: { node_errors: { '1': { class_type: 'EmptyImage', errors: [{ rule: 'tiny-pictures' }] } } },
    },
  });
  const [worker] = rig.simulators;
  expect(await (await fetch(`${worker?.url}/history`)).json()).toEqual({});
});

test('AU15 a task of before is refused when it is run again under a new rule', async () => {
  const task = await rig.run(artist.token, { graph: picture(200) });
  await setPolicies([{ name: 'tiny-pictures', max: { width: 100 } }]);
  const again = await rig.ask(rig.token, `POST /api/v2/tasks/${task.task_id}/retry`);
  expect([again.status, again.json.error.code]).toEqual([403, 'POLICY_REFUSED']);
});

test('AU15 the rules in force are listed, and a graph is tested for a client without running it', async () => {
  const { policies } = (await rig.ask(rig.token, 'GET /api/fleet/policies')).json;
  expect(policies.map((policy: Json) => [policy.name, policy.origin, policy.file, policy.key])).toEqual([
    ['runs-code', 'built_in', null, null],
    ['reaches-network', 'built_in', null, null],
    ['small-pictures', 'configuration', rig.configFile, 'policies.0'],
    ['no-inverting', 'configuration', rig.configFile, 'policies.1'],
    ['gemini', 'configuration', rig.configFile, 'policies.2'],
  ]);
  const tryAs = async (subject: object) =>
    (await rig.ask(rig.token, 'POST /api/fleet/policies/test', { body: { graph: inverted, ...subject } }))
      .json;
  expect(await tryAs({ client: 'artist' })).toMatchObject({
    role: 'member',
    error: { code: 'POLICY_REFUSED', details: REFUSED },
  });
  expect(await tryAs({ client: 'local' })).toEqual({ role: 'admin', error: null });
  expect((await tryAs({ role: 'viewer', client: 'artist' })).error.details.rules).toEqual(['small-pictures']);
  const own = await rig.ask(artist.token, 'GET /api/fleet/policies');
  expect(own.status).toBe(403);
});

test('AU15 P21 a workflow that is refused to a role is in no list of it, and unknown to it', async () => {
  const before = await rig.ask(artist.token, 'GET /api/v2/workflows');
  const [{ name }] = before.json.workflows;
  await setPolicies([{ name: 'hidden', for: { roles: ['member'] }, deny: { workflows: [name] } }]);
  const listFor = async (token: string): Promise<string[]> =>
    (await rig.ask(token, 'GET /api/v2/workflows')).json.workflows.map((one: Json) => one.name);
  expect([await listFor(artist.token), await listFor(rig.token)]).toEqual([
    expect.not.arrayContaining([name]),
    expect.arrayContaining([name]),
  ]);
  const unknown = await rig.ask(artist.token, `GET /api/v2/workflows/${name}`);
  expect([unknown.status, unknown.json.error.code]).toEqual([404, 'WORKFLOW_NOT_FOUND']);
  const config = await rig.ask(artist.token, 'GET /api/v2/config');
  expect(config.text).not.toContain(`"${name}"`);
});
