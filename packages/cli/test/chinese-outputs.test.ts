import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { findEnglish } from '@comfleet/test-kit';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listLeaves, matchCommandLines } from './all-commands.ts';
import { type HereOptions, runHere } from './run-here.ts';

const JOIN_TOKEN = 'f3b1c9d27a5e48b6900d1e2f3a4b5c6d';
const IMAGE = { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 255 } };
const SAVE = { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'zh' } };
const FAILING = {
  '1': IMAGE,
  '2': { class_type: 'TestSyncError', inputs: { value: ['1', 0] } },
  '3': { ...SAVE, inputs: { images: ['2', 0], filename_prefix: 'zh' } },
};
const REFUSED = { '1': { ...IMAGE, inputs: { ...IMAGE.inputs, width: -1 } }, '2': SAVE };

interface Fleet {
  readonly server: RunningServer;
  readonly gpu: Simulator;
  /** Registered as gpu-6; stopped in the last scenes. */
  readonly dying: Simulator;
  readonly done: string;
  readonly failed: string;
  readonly batch: string;
  readonly client: string;
}

/** A server with a succeeded task, a failed one, a batch and a client. */
async function openFleet(): Promise<Fleet> {
  const server = await startServer({
    config: { nodes: { discovery_mode: 'hybrid', join_token: JOIN_TOKEN } },
  });
  const gpu = await openSimulator();
  const dying = await openSimulator();
  for (const [name, graph] of Object.entries({ 'failing-1': FAILING, 'refused-1': REFUSED }))
    await writeFile(join(server.folder, `${name}.json`), JSON.stringify(graph));
  await writeFile(
    join(server.folder, 'bad.yaml'),
    'server: { prot: 1, host: 7 }\nworkers: [{ url: nowhere }]\n',
  );
  const code = { '1': { class_type: 'PythonExec', inputs: {} } };
  await writeFile(join(server.folder, 'shell.json'), JSON.stringify(code));
  await run(server, `workers add ${dying.url} --name gpu-6`, 'en');
  await server.whenOnline();
  const load = async (line: string) => JSON.parse((await run(server, line, 'en')).lines.join('\n'));
  const { task_id: done } = await load('run solid_color --no-wait --json');
  const { task_id: failed } = await load('run failing-1.json --no-wait --json');
  const items = 'batch sdxl_basic --description a --param steps=1 --images-per-description 2';
  const { batch_id: batch } = await load(`${items} --no-wait --json`);
  const { client_id: client } = await load('clients register robot-1 --json');
  for (const id of [done, failed]) await run(server, `tasks watch ${id}`, 'en');
  await run(server, `batches watch ${batch}`, 'en');
  return { server, gpu, dying, done, failed, batch, client };
}

function run(server: RunningServer, line: string, lang: string, options: HereOptions = {}) {
  const env = { COMFLEET_JOIN_TOKEN: JOIN_TOKEN, ...options.env };
  const data = line.includes('--data') ? [] : ['--data', server.dataDir];
  return runHere([...line.split(' '), ...data, '--lang', lang], {
    ...options,
    cwd: server.folder,
    env,
  });
}

/** Names of workflows, models, nodes and classes, and values of settings. */
const VALUES = [
  ...[
    'local',
    'checkpoints',
    'checkpoint',
    'sdxl',
    'svd',
    'SDXL',
    'cuda',
    'sampler',
    'scheduler',
    'heun',
    'ddim',
  ],
  ...['karras', 'exponential', 'simple', 'beta', 'image', 'DIR'],
  ...[
    'prompt',
    'admin',
    'sqlite',
    'fastest',
    'custom',
    'images',
    'width',
    'height',
    'color',
    'seed',
    'steps',
  ],
  ...[
    'COMFYUI',
    'PROMPT_ID',
    'client',
    'TASK',
    'NAME',
    'cpu',
    'CPU',
    'type',
    'index',
    'name',
    'RuntimeError',
    'euler',
    'normal',
    'cfg',
    'robot',
  ],
  // Rules, in the keys of the file.
  ...['runs-code', 'reaches-network', 'roles', 'operator', 'member', 'viewer', 'Eval', 'true'],
  ...['owner', 'editor', 'film'],
  // Fields of objects in the audit log.
  ...['grants', 'members', 'oidc', 'role'],
  // Quotas, units, and words of values.
  ...['stored_bytes', 'tasks_running', 'tasks_total', 'unlimited', 'GB', 'kB', 'MB', 'B', 'UTC'],
  ...['day', 'project', 'user', 'workflow', 'worker'],
  // Settings, and their values.
  ...['durability', 'power', 'private', 'auto', 'ask', 'hybrid', 'workers', 'policies', 'info'],
];
const QUOTED = [
  /Intentional sync execution error for testing/g, // a node's own message
  /\{"[^\n]*[}…]/g,
  /(?<=✗ )[A-Z_]+(?=：)|[A-Z_]{4,}(?= [^ -~])/g, // codes of errors
  /^ {2}[a-z_]+：([a-z_]+$)?/gm, // names of details, and values that are words of the interface
  /^ {2}File .*$|^ {4}raise .*$/gm, // Python's own
  /\b[a-z_]+\.[a-z_]+\b/g, // permissions, and actions of the audit log
  /\b[a-z2-9]{5}(-[a-z2-9]{5}){3}\b/g, // passwords that were drawn
  /npm start/g,
  /Stable Diffusion( XL)?/g,
  /Simulated \w+/g, // a device
  matchCommandLines(),
];

const findIn = (lines: readonly string[]): string[] =>
  findEnglish(lines.join('\n'), { atLeast: 1, allow: [...QUOTED, ...VALUES] });

type Scene = readonly [command: string, line: (fleet: Fleet) => string | Promise<string>, status: number];

const SCENES: readonly Scene[] = [
  ['run', () => 'run solid_color', 0],
  ['run', () => 'run failing-1.json', 1],
  ['run', () => 'run refused-1.json', 1],
  ['run', () => 'run solid_colour', 5],
  ['run', () => 'run solid_color --param widht=64', 2],
  ['run', () => 'run solid_color --param width=x', 2],
  ['run', () => 'run solid_color --seed 1', 2],
  ['batch', () => 'batch sdxl_basic --description a --param steps=1 --images-per-description 1 --out zh', 0],
  ['batch', () => 'batch solid_color --description a', 2],
  ['batches list', () => 'batches list', 0],
  ['batches show', (at) => `batches show ${at.batch}`, 0],
  ['batches show', () => 'batches show nothing-1', 5],
  ['batches watch', (at) => `batches watch ${at.batch}`, 0],
  ['batches download', (at) => `batches download ${at.batch} --out loaded`, 0],
  ['batches pause', (at) => `batches pause ${at.batch}`, 0],
  ['batches resume', (at) => `batches resume ${at.batch}`, 0],
  ['batches cancel', (at) => `batches cancel ${at.batch}`, 0],
  ['tasks list', () => 'tasks list', 0],
  ['tasks list', () => 'tasks list --held needs_decision', 0],
  ['tasks show', (at) => `tasks show ${at.done}`, 0],
  ['tasks show', (at) => `tasks show ${at.failed}`, 0],
  ['tasks show', () => 'tasks show 00000000-0000-7000-8000-000000000000', 5],
  ['tasks watch', (at) => `tasks watch ${at.done}`, 0],
  ['tasks download', (at) => `tasks download ${at.done} --out loaded`, 0],
  ['tasks cancel', (at) => `tasks cancel ${at.done}`, 0],
  ['tasks retry', (at) => `tasks retry ${at.done}`, 0],
  ['tasks decide', (at) => `tasks decide ${at.done} --give-up`, 1],
  ['tasks why', (at) => `tasks why ${at.done}`, 0],
  ['tasks why', (at) => `tasks why ${at.failed}`, 0],
  ['tasks attempts', (at) => `tasks attempts ${at.failed}`, 0],
  ['debug pending', () => 'debug pending', 0],
  ['debug check', (at) => `debug check ${at.done}`, 0],
  ['debug check-all', () => 'debug check-all', 0],
  ['debug reset-connection', () => 'debug reset-connection gpu-1', 0],
  ['debug bundle', (at) => `debug bundle ${at.done} --out bundle.json`, 0],
  ['debug bundle', (at) => `debug bundle ${at.done} --out refused-1.json`, 2],
  ['workers list', () => 'workers list', 0],
  ['workers show', () => 'workers show gpu-1', 0],
  ['workers show', () => 'workers show gpu-x1', 5],
  ['workers check', () => 'workers check', 0],
  ['workers add', (at) => `workers add ${at.gpu.url} --name gpu-7`, 0],
  ['workers add', () => 'workers add http://127.0.0.1:9', 1],
  ['workers set', () => 'workers set gpu-7 --label l1 --group backup', 0],
  ['workers set', () => 'workers set gpu-1 --label l1', 1],
  ['workers drain', () => 'workers drain gpu-7', 0],
  ['workers maintenance', () => 'workers maintenance gpu-7', 0],
  ['workers resume', () => 'workers resume gpu-7', 0],
  ['workers disable', () => 'workers disable gpu-7', 0],
  ['workers enable', () => 'workers enable gpu-7', 0],
  ['workers refresh', () => 'workers refresh gpu-7', 0],
  ['workers accept', () => 'workers accept gpu-7', 0],
  ['workers events', () => 'workers events', 0],
  ['workers remove', () => 'workers remove gpu-7', 0],
  ['models', () => 'models --folder checkpoints', 0],
  ['models', () => 'models --kind flux', 0],
  ['fleet stats', () => 'fleet stats', 0],
  ['strategy set', () => 'strategy set fastest', 0],
  ['strategy show', () => 'strategy show', 0],
  ['workflows list', () => 'workflows list', 0],
  ['workflows show', () => 'workflows show sdxl_basic', 0],
  ['workflows validate', () => 'workflows validate solid_color --param width=128', 0],
  ['workflows validate', () => 'workflows validate solid_color --param width=1', 1],
  ['workflows estimates', () => 'workflows estimates', 0],
  ['workflows analyse', () => 'workflows analyse failing-1.json', 0],
  ['policies list', () => 'policies list', 0],
  ['policies test', () => 'policies test failing-1.json', 0],
  ['policies test', () => 'policies test shell.json', 1],
  ['settings list', () => 'settings list', 0],
  ['settings set', () => 'settings set nodes.health_check.interval 7', 0],
  ['settings set', () => 'settings set limits.graph_nodes 0', 1],
  ['settings show', () => 'settings show workers', 0],
  ['settings show', () => 'settings show nothing-1', 5],
  ['settings history', () => 'settings history', 0],
  ['settings reset', () => 'settings reset nodes.health_check.interval', 0],
  ['users list', () => 'users list', 0],
  ['users add', () => 'users add ada-1 --role viewer', 0],
  ['users role', () => 'users role ada-1 member', 0],
  ['users link', () => 'users link ada-1 https://id.example.com s-1', 0],
  ['users reset', () => 'users reset ada-1', 1],
  ['users unlink', () => 'users unlink ada-1', 0],
  ['users reset', () => 'users reset ada-1', 0],
  ['users disable', () => 'users disable ada-1', 0],
  ['users enable', () => 'users enable ada-1', 0],
  ['projects create', () => 'projects create film-1', 0],
  ['projects list', () => 'projects list --all', 0],
  ['projects add', () => 'projects add film-1 ada-1 --role editor', 0],
  ['projects add', () => 'projects add film-1 ada-1 --role edtor', 2],
  ['projects add', () => 'projects add film-1 nobody-1', 5],
  ['projects show', () => 'projects show film-1', 0],
  ['projects show', () => 'projects show film-2', 5],
  ['run', () => 'run solid_color --project film-1', 0],
  ['tasks list', () => 'tasks list --project film-1', 0],
  ['batches list', () => 'batches list --project film-1', 0],
  ['projects remove', () => 'projects remove film-1 ada-1', 0],
  ['projects remove', () => 'projects remove film-1 ada-1', 5],
  ['projects leave', () => 'projects leave film-1', 1],
  ['projects rename', () => 'projects rename film-1 film-2', 0],
  ['projects delete', () => 'projects delete film-2', 0],
  ['clients register', () => 'clients register robot-2', 0],
  ['clients list', () => 'clients list', 0],
  ['clients grant', () => 'clients grant robot-1 raw_graph', 0],
  ['clients rotate', () => 'clients rotate robot-1', 0],
  ['clients invite', () => 'clients invite robot-3 --expires 12h', 0],
  ['clients invitations', () => 'clients invitations', 0],
  ['clients revoke-invitation', () => 'clients revoke-invitation robot-3', 0],
  ['sessions list', () => 'sessions list', 0],
  ['sessions end', () => 'sessions end nothing-1', 5],
  ['keys add', () => 'keys add robot-4 --scope tasks.run --expires 90d', 0],
  ['keys add', () => 'keys add robot-5 --scope tasks', 2],
  ['keys list', () => 'keys list --all', 0],
  ['keys revoke', () => 'keys revoke robot-4', 0],
  ['join-tokens add', () => 'join-tokens add robot-6', 0],
  ['join-tokens add', () => 'join-tokens add robot-6 --expires soon', 2],
  ['join-tokens list', () => 'join-tokens list', 0],
  ['join-tokens revoke', () => 'join-tokens revoke robot-6', 0],
  ['usage', () => 'usage', 0],
  ['quotas list', () => 'quotas list', 0],
  ['quotas set', () => 'quotas set robot-1 tasks_per_day=50 stored_bytes=200GB', 0],
  ['quotas set', (at) => `quotas set ${at.client} tasks=50`, 2],
  ['usage', (at) => `usage ${at.client} --days 2`, 0],
  ['usage', (at) => `usage ${at.client} --project none`, 2],
  ['quotas list', () => 'quotas list', 0],
  ['quotas reset', (at) => `quotas reset ${at.client}`, 0],
  ['quotas reset', () => 'quotas reset nobody', 5],
  ['stats', () => 'stats --days 2', 0],
  ['stats', () => 'stats --all --by workflow', 0],
  ['stats', () => 'stats --by month', 2],
  ['stats', () => 'stats --csv', 2],
  ['stats', () => 'stats --until yesterday', 2],
  ['audit', () => 'audit --limit 20', 0],
  ['clients revoke', (at) => `clients revoke ${at.client}`, 0],
  ['sign-in', () => 'sign-in', 0],
  ['verify', () => 'verify', 0],
  ['verify', () => 'verify --workflow invert_image', 2],
  ['verify', () => 'verify --config bad.yaml', 78],
  ['up', () => 'up --config bad.yaml --data bad', 78],
  ['db status', () => 'db status', 0],
  ['db migrate', () => 'db migrate', 1],
  ['workers list', () => 'workers list --url http://127.0.0.1:9 --token x', 3],
  ['workers list', (at) => `workers list --url ${at.server.url} --token wrong`, 4],
  ['tasks show', (at) => `tasks show ${at.failed} --traceback`, 0],
  [
    'workers check',
    async ({ dying }) => dying.close().then(() => 'workers check gpu-6 gpu-6 gpu-6 gpu-6'),
    1,
  ],
  ['workers list', () => 'workers list', 0],
  ['workers show', () => 'workers show gpu-6', 0],
  ['workers events', () => 'workers events gpu-6', 0],
  ['verify', () => 'verify', 1],
];

type Endless = readonly [command: string, line: (fleet: Fleet) => string, until: RegExp, status: number];

const SLOW = 'sdxl_basic --param steps=100';

const UNTIL_ENDED: readonly Endless[] = [
  ['run', () => `run ${SLOW} --param prompt=a`, /prompt_id/, 130],
  ['batch', () => `batch ${SLOW} --description a`, /已建立/, 130],
  ['sim', () => 'sim --control-port 0', /127\.0\.0\.1/, 0],
  ['up', (at) => `up --port 0 --simulated 1 --data ${join(at.server.folder, 'up')}`, /\.png/, 0],
  ['serve', (at) => `serve --port 0 --data ${join(at.server.folder, 'serve')}`, /code=/, 0],
  [
    'workers announce',
    (at) => `workers announce ${at.gpu.url} --name gpu-8 --server ${at.server.url}`,
    /gpu-8/,
    0,
  ],
];

describe.each(['zh-CN', 'zh-TW'])('in %s', (lang) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await openFleet();
  });
  afterAll(async () => {
    await fleet.server.close();
    await fleet.gpu.close();
  });

  it.each(SCENES)('comfleet %s (%#) says nothing in English', async (_command, line, status) => {
    const shown = await run(fleet.server, await line(fleet), lang);

    expect([shown.status, findIn(shown.lines)]).toEqual([status, []]);
  });

  it.each(UNTIL_ENDED)(
    'comfleet %s says nothing in English until it is ended',
    async (_command, line, until, status) => {
      const shown = await run(fleet.server, line(fleet), lang, { until });

      expect([shown.status, findIn(shown.lines)]).toEqual([status, []]);
    },
  );
});

it('every command except SQL is covered above', () => {
  const shown = new Set([...SCENES, ...UNTIL_ENDED].map(([command]) => command));
  const rest = listLeaves()
    .map(({ name }) => name)
    .filter((name) => !shown.has(name));

  expect(rest).toEqual(['db print-sql']);
});
