import { expect, test } from 'vitest';
import { parseConfig, parseTaskTypes } from '../../app/settings.ts';
import { AppError } from '../errors/app-error.ts';
import { type ConfigProblem, listProblems } from './config-problem.ts';
import type { ConfigSource } from './load-config.ts';

const FILE = '/studio/backend/config.yaml';

function parse(text: string, more: Partial<ConfigSource> = {}) {
  return parseConfig(text, { file: FILE, environment: {}, cwd: '/home/ann', ...more });
}

function problemsOf(text: string, more: Partial<ConfigSource> = {}): ConfigProblem[] {
  try {
    parse(text, more);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'CONFIG_INVALID') {
      return thrown.details?.problems as ConfigProblem[];
    }
    throw thrown;
  }
  return [];
}

const DOCUMENTED = `
database:
  host: "localhost"
  port: 3306
  user: "your_username"
  password: "your_password"
  database: "comfyui_service"
auth:
  enable_client_auth: true
  token_expire_minutes: 1440  # 24 hours
  secret_key: "your-secret-key"
comfyui:
  host: "127.0.0.1"
  port: 8188
  output_dir: "outputs"
redis:
  host: "localhost"
  port: 6379
  db: 0
nodes:
  discovery_mode: "static"
  load_balancing:
    strategy: "least_loaded"
    enable_failover: true
    max_retries: 3
  static_nodes:
    - node_id: "comfyui-worker-1"
      host: "192.168.1.101"
      port: 8188
      max_concurrent: 4
      capabilities: ["text_to_image"]
      metadata:
        location: "worker-server-1"
        gpu_model: "RTX 4090"
task_types:
  text_to_image:
    workflows:
      sd_basic:
        workflow_file: "workflows/text_to_image/文生图.json"
        parameter_mapping:
          prompt:
            node_id: "314"
            input_name: "text"
            default_value: ""
          width:
            node_id: "135"
            input_name: "width"
            default_value: 512
`;

/** A worker for which the file has only the address. */
const OPEN = { auth: null, headers: {}, tls: { ca: null, verify: true }, written: null };
const PLAIN_WORKER = {
  ...OPEN,
  maxConcurrent: 2,
  capabilities: [],
  labels: [],
  group: 'primary',
  weight: 1,
  priority: 5,
  enabled: true,
  metadata: {},
};

test('CF8 the config.yaml of v1 loads unchanged and every key reaches the compiled configuration', () => {
  const { config } = parse(DOCUMENTED);
  expect(config.database).toEqual({
    driver: 'mysql',
    host: 'localhost',
    port: 3306,
    user: 'your_username',
    password: 'your_password',
    database: 'comfyui_service',
    poolSize: 10,
  });
  expect(config.auth).toEqual({
    required: true,
    tokenLifetimeMs: 86_400_000,
    signInLifetimeMs: 30 * 86_400_000,
    secretKey: null,
    ...{ registration: 'admin', oidc: null },
  });
  expect(config.comfyui.url).toBe('http://127.0.0.1:8188');
  expect(config.comfyui.outputDir).toBe('/studio/backend/outputs');
  expect(config.redis).toEqual({ host: 'localhost', port: 6379, db: 0, password: null });
  expect(config.placement).toEqual({
    strategy: 'least_loaded',
    maxAttempts: 4,
    offlineGraceMs: 5000,
    bypass: { starts: 24, ms: 60_000 },
    agingMs: 600_000,
  });
  expect(config.workers).toEqual([
    {
      ...OPEN,
      name: 'comfyui-worker-1',
      url: 'http://192.168.1.101:8188',
      maxConcurrent: 4,
      capabilities: ['text_to_image'],
      labels: [],
      group: 'primary',
      weight: 1,
      priority: 5,
      enabled: true,
      metadata: { location: 'worker-server-1', gpu_model: 'RTX 4090' },
    },
    { ...PLAIN_WORKER, name: 'comfyui', url: 'http://127.0.0.1:8188' },
  ]);
  const workflow = config.taskTypes.text_to_image?.workflows.sd_basic;
  expect(workflow?.workflow_file).toBe('/studio/backend/workflows/text_to_image/文生图.json');
  expect(workflow?.parameter_mapping?.width).toEqual({
    node_id: '135',
    input_name: 'width',
    default_value: 512,
  });
});

test('CF8 sample secrets warn on loopback and are refused with advice on a wider address', () => {
  const paths = parse(DOCUMENTED).warnings.map((warning) => warning.path);
  expect(paths).toEqual(['auth.secret_key', 'database.password', 'redis']);
  const refused = problemsOf(`server: { host: 0.0.0.0 }\n${DOCUMENTED}`);
  expect(refused.map((problem) => [problem.path, problem.line])).toEqual([
    ['auth.secret_key', 12],
    ['database.password', 7],
  ]);
  expect(refused[0]?.message).toContain('remove the key, and a random one is made');
});

test('an empty file is a working single machine', () => {
  const { config, warnings } = parse('');
  expect(warnings).toEqual([]);
  expect(config.server).toMatchObject({ host: '127.0.0.1', port: 8000 });
  expect(config.database).toEqual({ driver: 'sqlite', file: '/studio/backend/.comfleet/comfleet.db' });
  expect(config.workers).toEqual([]);
  expect(config.comfyui).toEqual({
    url: 'http://127.0.0.1:8188',
    isWritten: false,
    previewMethod: 'auto',
    outputModes: null,
    paidReruns: 'ask',
    outputDir: '/studio/backend/.comfleet/outputs',
    inputDir: '/studio/backend/.comfleet/input',
    timeoutMs: 900_000,
  });
  expect(config.workerHealth).toEqual({
    intervalMs: 5000,
    idleTimeoutMs: 2000,
    busyTimeoutMs: 10_000,
    busyLimitMs: 30_000,
    inventoryPeriodMs: 300_000,
    rise: 2,
    fall: 3,
  });
});

test('CF1 the environment wins over the file and options win over both', () => {
  const environment = {
    COMFLEET__SERVER__PORT: '9100',
    COMFLEET__AUTH__OPEN_REGISTRATION: 'true',
    COMFYUI_REPO_PATH: 'ComfyUI',
    COMFYUI_PYTHON: '/usr/bin/python3.11',
    COMFYUI_PORT_RANGE: '8300-8399',
    COMFYUI_LISTEN: '127.0.0.1',
    COMFYUI_STARTUP_TIMEOUT_SECONDS: '60',
    COMFYUI_HEARTBEAT_INTERVAL_SECONDS: '15',
    COMFYUI_INSTANCE_BASE_DIR: '/srv/instances',
    COMFYUI_LOG_DIR: '/var/log/comfyui',
  };
  const { config } = parse('server: { port: 9000 }\ninstances: { python: /opt/python }', { environment });
  expect(config.server.port).toBe(9100);
  expect(config.auth.registration).toBe('open');
  expect(config.instances).toEqual({
    repoPath: '/home/ann/ComfyUI',
    python: '/usr/bin/python3.11',
    portRange: { first: 8300, last: 8399 },
    listen: '127.0.0.1',
    startupTimeoutMs: 60_000,
    heartbeatIntervalMs: 15_000,
    baseDir: '/srv/instances',
    logDir: '/var/log/comfyui',
    extraArgs: [],
  });
  const options = { server: { port: 9200 }, data_dir: 'data' };
  const withOptions = parse('', { environment, options }).config;
  expect(withOptions.server.port).toBe(9200);
  expect(withOptions.dataDir).toBe('/home/ann/data');
});

test('CF7 host, port and time-out of a single ComfyUI come from the environment', () => {
  const environment = { COMFYUI_HOST: 'gpu-box', COMFYUI_PORT: '8200', COMFYUI_TIMEOUT: '1800' };
  const { config } = parse('', { environment });
  expect(config.comfyui).toMatchObject({ url: 'http://gpu-box:8200', isWritten: true, timeoutMs: 1_800_000 });
  expect(config.workers).toEqual([{ ...PLAIN_WORKER, name: 'comfyui', url: 'http://gpu-box:8200' }]);
});

test('CF4 an unknown key is refused with its line and the nearest known one', () => {
  const text = 'nodes:\n  static_nodes:\n    - node_id: a\n      host: b\n      max_concurent: 4\n';
  expect(problemsOf(text)).toEqual([
    {
      path: 'nodes.static_nodes[0].max_concurent',
      line: 5,
      column: 7,
      message: 'unknown key; did you mean "max_concurrent"?',
      text: { code: 'value.unknown_key_near', params: { nearest: 'max_concurrent' } },
    },
  ]);
});

test('ND1 ND16 a node carries labels, group, weight, priority and enabled; metadata.priority counts', () => {
  const text = `nodes:
  static_nodes:
    - { node_id: a, host: 10.0.0.1, labels: [fast], group: backup, weight: 2.5, priority: 9, enabled: false }
    - { node_id: b, host: 10.0.0.2, metadata: { priority: 3 } }`;
  expect(parse(text).config.workers).toMatchObject([
    { name: 'a', labels: ['fast'], group: 'backup', weight: 2.5, priority: 9, enabled: false },
    { name: 'b', labels: [], group: 'primary', weight: 1, priority: 3, enabled: true },
  ]);
});

test('LB1 an unknown strategy is refused with the nearest one', () => {
  const text = 'nodes:\n  load_balancing:\n    strategy: round-robin\n';
  expect(problemsOf(text)).toEqual([
    {
      path: 'nodes.load_balancing.strategy',
      line: 3,
      column: 5,
      message:
        'expected one of least_loaded, round_robin, weighted, random, priority_based, fastest; did you mean "round_robin"?',
      text: expect.objectContaining({ code: 'value.one_of_near' }),
    },
  ]);
});

test.each([
  ['host: "http://gpu:8188"', 'host'],
  ['host: gpu, port: 70000', 'port'],
  ['host: gpu, max_concurrent: 0', 'max_concurrent'],
  ['host: gpu, capabilities: ["text to image"]', 'capabilities[0]'],
  ['host: gpu, metadata: { priority: 100 }', 'metadata.priority'],
])('ND2 a node with %s is refused at its path', (fields, path) => {
  const paths = problemsOf(`nodes: { static_nodes: [{ node_id: a, ${fields} }] }`).map((one) => one.path);
  expect(paths).toEqual([`nodes.static_nodes[0].${path}`]);
});

const JOIN_TOKEN = 'f3b1c9d27a5e48b6900d1e2f3a4b5c6d';

test.each([
  ['static', ['a', 'comfyui'], []],
  ['dynamic', ['comfyui'], ['nodes.static_nodes']],
  ['hybrid', ['a', 'comfyui'], []],
])('ND3 discovery_mode %s uses the workers %j of the file and warns at %j', (mode, names, warned) => {
  const token = mode === 'static' ? '' : `join_token: ${JOIN_TOKEN},`;
  const nodes = `nodes: { discovery_mode: ${mode}, ${token} static_nodes: [{ node_id: a, host: x }] }`;
  const { config, warnings } = parse(`${nodes}\ncomfyui: { port: 8188 }`);
  expect(config.workers.map(({ name }) => name)).toEqual(names);
  expect(warnings.map(({ path }) => path)).toEqual(warned);
});

test('AU8 a weak join token keeps registration closed on loopback and is refused on a wider address', () => {
  const weak = 'nodes: { discovery_mode: hybrid, join_token: changeme }';
  const { config, warnings } = parse(weak);
  expect(config.discovery.joinToken).toBeNull();
  expect(warnings.map(({ path }) => path)).toEqual(['nodes.join_token', 'nodes.discovery_mode']);
  expect(problemsOf(`server: { host: 0.0.0.0 }\n${weak}`).map(({ path }) => path)).toEqual([
    'nodes.join_token',
  ]);
  const environment = { COMFLEET__NODES__JOIN_TOKEN: JOIN_TOKEN };
  expect(parse(weak, { environment }).config.discovery.joinToken).toBe(JOIN_TOKEN);
});

test('CF4 DNS names are refused where discovery_mode is static', () => {
  expect(problemsOf('nodes: { dns: [{ name: gpu.lan }] }').map(({ path }) => path)).toEqual(['nodes.dns']);
});

test.each([
  ['a strategy that does not exist', 'nodes: { load_balancing: { strategy: fastest_of_all } }'],
  ['a discovery that does not exist', 'nodes: { discovery_mode: carrier_pigeon }'],
  ['two workers of one name', 'nodes: { static_nodes: [{node_id: a, host: x}, {node_id: a, host: y}] }'],
  ['a default workflow that is not there', 'task_types: { t: { default_workflow: w } }'],
  ['no login beyond this machine', 'server: { host: "::" }\nauth: { enable_client_auth: false }'],
  ['a ComfyUI open to the network', 'instances: { listen: 0.0.0.0 }'],
  ['a port range written backwards', 'instances: { port_range: 8299-8200 }'],
  [
    'a version that YAML reads as a number',
    'task_types: {t: {workflows: {w: {workflow_file: f, version: 1.10}}}}',
  ],
  ['broken YAML', 'server: { port: 8000'],
  ['a key twice', 'data_dir: a\ndata_dir: b'],
  ['a custom tag', 'data_dir: !!js/function "x"'],
  ['a prototype key', 'task_types: { __proto__: { workflows: {} } }'],
  [
    'an alias bomb',
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`,
  ],
])('CF4 refuses %s', (_what, text) => {
  expect(problemsOf(text).length).toBeGreaterThan(0);
});

test('CF2 every problem is reported at once with its path', () => {
  const problems = problemsOf('server:\n  port: 99999\nauth:\n  token_expire_minutes: soon\n');
  expect(problems.map(({ path, line }) => [path, line])).toEqual([
    ['server.port', 2],
    ['auth.token_expire_minutes', 4],
  ]);
});

test('CF2 a time-out that is not shorter than its interval is a warning', () => {
  const { warnings } = parse('nodes: { health_check: { interval: 5, timeout: 5 } }');
  expect(warnings.map((warning) => warning.path)).toEqual(['nodes.health_check.timeout']);
});

test('CF6 reading a configuration leaves the working folder and the environment alone', () => {
  const before = { cwd: process.cwd(), env: { ...process.env } };
  parse(DOCUMENTED);
  expect({ cwd: process.cwd(), env: { ...process.env } }).toEqual(before);
});

test('DB3 host, port, user, password, database and pool of a database server are taken over', () => {
  const text =
    'database: { driver: postgres, host: db, port: 5433, user: u, password: Kq8x, database: d, pool: 25 }';
  expect(parse(text).config.database).toEqual({
    driver: 'postgres',
    host: 'db',
    port: 5433,
    user: 'u',
    password: 'Kq8x',
    database: 'd',
    poolSize: 25,
  });
});

test('J3 the error of an environment variable names the variable and what it could be', () => {
  expect(problemsOf('', { environment: { COMFLEET__SERVER__PROT: '1' } })).toEqual([
    {
      path: 'COMFLEET__SERVER__PROT',
      line: null,
      column: null,
      message: 'there is no setting server.prot; did you mean server.port?',
      text: expect.objectContaining({ code: 'file.no_setting_near' }),
    },
  ]);
});

test('an error for users has file, line, column and path', () => {
  let problems: unknown;
  try {
    parse('server:\n  port: high\n');
  } catch (thrown) {
    if (thrown instanceof AppError) problems = listProblems(thrown);
  }
  expect(problems).toEqual([
    {
      ...{ workflow: null, file: FILE, line: 2, column: 3 },
      message: 'server.port: expected a whole number from 0 to 65535, for example port: 8000',
      text: expect.anything(),
    },
  ]);
});

test('WF23 a default seed beyond the exact integers of JavaScript stays as written', () => {
  const text =
    'task_types: {t: {workflows: {w: {workflow_file: f.json, parameter_mapping: {seed: {node_id: 3, input_name: seed, default_value: 18446744073709551615}}}}}}';
  const mapping = parseTaskTypes(text, '/w/workflows.yaml').t?.workflows.w?.parameter_mapping;
  expect(mapping?.seed).toEqual({
    node_id: '3',
    input_name: 'seed',
    default_value: '18446744073709551615',
  });
});

test('a file that is a list, or one word, is refused and not taken for an empty one', () => {
  const read = (text: string) => () => parseConfig(text, { file: 'c.yaml', environment: {}, cwd: '/' });
  expect(read('- a\n- b\n')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(read('server\n')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
