/** A request that tries to block the server. */
export interface Attack {
  name: string;
  path: string;
  /** Its JSON text, built just before it is sent. */
  body: () => string;
  /** Expected statuses; default: 413 or 422. */
  statuses?: readonly number[];
  headers?: Record<string, string>;
  /** How many are sent at once; default: one. */
  times?: number;
}

const TASKS = '/api/v2/tasks';
const JOBS = '/api/v2/jobs';
const BATCHES = '/api/v2/batches';
const MEBIBYTE = 1024 * 1024;

/** `count` things as text, joined. */
function repeat(count: number, write: (index: number) => string, separator = ','): string {
  return Array.from({ length: count }, (_, index) => write(index)).join(separator);
}

/** 700,000 nodes in just under 32 MiB. */
const crowd = () => `{${repeat(700_000, (at) => `"${at}":{"class_type":"KSampler","inputs":{}}`)}}`;

/** 100,000 nodes with 500,000 links, all of them to earlier nodes. */
const web = () => {
  const links = (at: number) => repeat(5, (slot) => `"i${slot}":["${Math.max(0, at - slot - 1)}",0]`);
  return `{${repeat(100_000, (at) => `"${at}":{"class_type":"KSampler","inputs":{${links(at)}}}`)}}`;
};

const unknown = (bytes: number) =>
  repeat(Math.floor(bytes / 12), (at) => `"k${String(at).padStart(7, '0')}":0`);
const prompt = '"prompt":"a cat"';
/** Arrays in arrays, 20 deep, until the body is full. */
const nest = (bytes: number) => repeat(Math.floor(bytes / 42), () => `${'['.repeat(20)}0${']'.repeat(20)}`);
const oneNode = (value: string) => `{"1":{"class_type":"KSampler","inputs":{"seed":${value}}}}`;
/** Lists in a list, with the maximum number of values of a body. */
const lists = (write: (index: number) => string) => `[${repeat(12, () => `[${repeat(20_000, write)}]`)}]`;
const longTexts = oneNode(lists((at) => `"${'v'.repeat(115)}${at}"`));
const long = (bytes: number) => 'x'.repeat(bytes);

/** A chain of picture nodes: a valid graph. */
const chain = (count: number) => {
  const middle = repeat(
    count - 2,
    (at) => `"${at + 1}":{"class_type":"ImageInvert","inputs":{"image":["${at}",0]}}`,
  );
  const first = '"0":{"class_type":"EmptyImage","inputs":{"width":64,"height":64,"batch_size":1,"color":0}}';
  const last = `"${count}":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["${count - 2}",0]}}`;
  return `{${first},${middle},${last}}`;
};
/** Saves each picture of a chain; its first node is missing. */
const outputs = (count: number) =>
  `{${repeat(count, (at) => `"${at}":{"class_type":"ImageInvert","inputs":{"image":["${at - 1}",0]}},"s${at}":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["${at}",0]}}`)}}`;
const broken = (count: number) =>
  `{"class_type":"SaveImage","inputs":{${repeat(count, (at) => `"i${at}":["x${at}",0]`)}}}`;
const picture = (characters: number) => `data:image/png;base64,${'A'.repeat(characters)}`;
const FORM = { 'content-type': 'multipart/form-data; boundary=x' };
const UPLOADS = '/api/fleet/uploads';
const ASSETS = '/api/v2/assets';
/** A form with many parts; `head` writes the headers of each. */
const form = (count: number, head: (index: number) => string) =>
  `${repeat(count, (at) => `--x\r\ncontent-disposition: form-data; ${head(at)}\r\n\r\nv\r\n`, '')}--x--\r\n`;
const field = (at: number) => `name="k${at}"`;
const fileHead = (at: number) => `name="k${at}"; filename="f"`;
const update = '{"node_id":"0","input_name":"width","value":128}';

/**
 * Requests that once blocked the server for seconds or crashed it; nearly all are now refused while they arrive. We cannot fix
 * one thing: a body in chunks of one byte costs Node's own parser 110 to 170 ms for every 64 kB read from a socket at once.
 */
export const ATTACKS: readonly Attack[] = [
  { name: '700,000 nodes as a task', path: TASKS, body: () => `{"graph":${crowd()}}` },
  { name: '700,000 nodes as a v2 job', path: JOBS, body: () => `{"workflow":${crowd()}}` },
  { name: '700,000 nodes as a batch', path: BATCHES, body: () => `{"tasks":[{}],"graph":${crowd()}}` },
  { name: '100,000 nodes with 500,000 links', path: TASKS, body: () => `{"graph":${web()}}` },
  { name: '100,000 nodes with 500,000 links as a v2 job', path: JOBS, body: () => `{"workflow":${web()}}` },
  {
    name: '10 MB of unknown parameters',
    path: TASKS,
    body: () => `{"workflow_name":"basic","parameters":{${prompt},${unknown(10 * MEBIBYTE)}}}`,
  },
  {
    name: '10 MB of unknown parameters in a flat body',
    path: `${TASKS}/text-to-image`,
    body: () => `{${prompt},${unknown(10 * MEBIBYTE)}}`,
  },
  {
    name: 'unknown parameters in every item of a batch',
    path: BATCHES,
    body: () =>
      `{"workflow_name":"basic","tasks":[${repeat(10_000, () => `{"parameters":{${prompt},${unknown(2000)}}}`)}]}`,
  },
  { name: '31 MB of nested values', path: TASKS, body: () => `{"graph":${oneNode(`[${nest(31e6)}]`)}}` },
  {
    name: '31 MB of nested values as a v2 job',
    path: JOBS,
    body: () => `{"workflow":${oneNode(`[${nest(31e6)}]`)}}`,
  },
  {
    name: '31 MB of opening brackets',
    path: TASKS,
    body: () => `{"graph":${'['.repeat(31e6)}`,
    statuses: [400, 413, 422],
  },
  {
    name: '31 MB of numbers beyond JavaScript',
    path: TASKS,
    body: () => `{"graph":${oneNode(`[${repeat(1_400_000, () => '18446744073709551615')}]`)}}`,
  },
  {
    name: 'a million tasks in a batch',
    path: BATCHES,
    body: () => `{"workflow_name":"basic","tasks":[${repeat(1_000_000, () => '{}')}]}`,
  },
  {
    name: '2 MB in place of a name',
    path: '/api/v2/auth/token',
    body: () => `{"client_id":"${'x'.repeat(2e6)}","client_secret":"x"}`,
    statuses: [413],
  },
  {
    name: '1 MB of values to be checked',
    path: '/api/v2/workflows/basic/validate',
    body: () => `{"parameters":{${prompt},${unknown(1_000_000)}}}`,
    statuses: [200, 413, 422],
  },
  { name: 'four times 700,000 nodes at once', path: TASKS, body: () => `{"graph":${crowd()}}`, times: 4 },
  { name: '31 MB of digits', path: TASKS, body: () => `{"graph":${oneNode('1'.repeat(31e6))}}` },
  { name: '31 MB of spaces', path: TASKS, body: () => `{"graph":${oneNode(`${' '.repeat(31e6)}1`)}}` },
  {
    name: '10,000 invalid items',
    path: BATCHES,
    body: () =>
      `{"workflow_name":"basic","tasks":[${repeat(10_000, () => '{"updates":[{},{},{}],"name":3}')}]}`,
    statuses: [400],
  },
  {
    name: 'eight running graphs of 5,000 nodes at once',
    path: TASKS,
    body: () => `{"graph":${chain(5000)}}`,
    times: 8,
    statuses: [201],
  },
  {
    name: 'a batch of 20 running graphs of 5,000 nodes',
    path: BATCHES,
    body: () => `{"tasks":[${repeat(20, () => `{"updates":[${update}]}`)}],"graph":${chain(5000)}}`,
    statuses: [201],
  },
  {
    name: 'a batch of 10,000 graphs of 5,000 nodes',
    path: BATCHES,
    body: () => `{"tasks":[${repeat(10_000, () => '{}')}],"graph":${chain(5000)}}`,
  },
  {
    name: 'a batch of 2,000 running tasks with different texts',
    path: BATCHES,
    body: () =>
      `{"workflow_name":"basic","tasks":[${repeat(2000, (at) => `{"parameters":{"prompt":"${at}${long(2000)}"}}`)}]}`,
    statuses: [201],
  },
  { name: '5,000 outputs of one chain', path: TASKS, body: () => `{"graph":${outputs(5000)}}` },
  { name: '19,000 broken links of one node', path: TASKS, body: () => `{"graph":{"1":${broken(19_000)}}}` },
  {
    name: '60,000 broken links of 60 nodes',
    path: TASKS,
    body: () => `{"graph":{${repeat(60, (at) => `"${at}":${broken(1000)}`)}}}`,
  },
  {
    name: '31 MB with an idempotency key',
    path: TASKS,
    body: () => `{"graph":${longTexts}}`,
    headers: { 'idempotency-key': 'hostile' },
  },
  {
    name: '31 MB with an idempotency key of a v2 job',
    path: JOBS,
    body: () => `{"workflow":${longTexts}}`,
    headers: { 'idempotency-key': 'hostile' },
  },
  {
    name: '240,000 members of objects',
    path: TASKS,
    body: () => `{"graph":${oneNode(`[${repeat(12, () => `{${repeat(20_000, (at) => `"k${at}":0`)}}`)}]`)}}`,
  },
  {
    name: '240,000 numbers kept as written',
    path: TASKS,
    body: () => `{"graph":${oneNode(lists((at) => `${at}.0`))}}`,
  },
  {
    name: '60,000 updates of one item',
    path: BATCHES,
    body: () => `{"tasks":[{"updates":[${repeat(60_000, () => update)}]}],"graph":${chain(10)}}`,
  },
  {
    name: 'four texts of 20 MB at once',
    path: TASKS,
    body: () => `{"workflow_name":"basic","parameters":{"prompt":"${long(20e6)}"}}`,
    times: 4,
  },
  {
    name: 'a text of 14 MB, the maximum for a picture,',
    path: TASKS,
    body: () => `{"workflow_name":"basic","parameters":{"prompt":"${long(14e6)}"}}`,
  },
  { name: '31 MB of escapes', path: TASKS, body: () => `{"graph":${oneNode(`"${'\\u0041'.repeat(5e6)}"`)}}` },
  {
    name: 'a class name of 14 MB',
    path: TASKS,
    body: () => `{"graph":{"1":{"class_type":"${long(14e6)}","inputs":{}}}}`,
  },
  {
    name: 'a node id of 14 MB',
    path: TASKS,
    body: () => `{"graph":{"${long(14e6)}":{"class_type":"KSampler","inputs":{}}}}`,
  },
  {
    name: 'a title of 14 MB',
    path: TASKS,
    body: () => `{"graph":{"1":{"class_type":"KSampler","inputs":{},"_meta":{"title":"${long(14e6)}"}}}}`,
  },
  {
    name: 'a picture of 22 MB in a body',
    path: TASKS,
    body: () => `{"workflow_name":"invert","parameters":{"image":"${picture(22e6)}"}}`,
  },
  {
    name: '13 MB that are not a picture in a body',
    path: TASKS,
    body: () => `{"workflow_name":"invert","parameters":{"image":"${picture(13e6)}"}}`,
    statuses: [415],
  },
  {
    name: '300,000 fields of an upload',
    path: UPLOADS,
    headers: FORM,
    body: () => form(300_000, field),
    statuses: [400],
  },
  {
    name: '300,000 fields of a v2 asset',
    path: ASSETS,
    headers: FORM,
    body: () => form(300_000, field),
  },
  {
    name: '300,000 files of an upload',
    path: UPLOADS,
    headers: FORM,
    body: () => form(300_000, fileHead),
    statuses: [400, 413, 422],
  },
  {
    name: '300,000 files of a v2 asset',
    path: ASSETS,
    headers: FORM,
    body: () => form(300_000, fileHead),
    statuses: [400, 413, 422],
  },
  {
    name: '200 parts with 80 kB of headers',
    path: ASSETS,
    headers: FORM,
    body: () => form(200, (at) => `${field(at)}${repeat(10_000, () => 'a: b', '\r\n').replace(/^/, '\r\n')}`),
    statuses: [400, 413, 422],
  },
  {
    name: '200 parts with a long line each',
    path: ASSETS,
    headers: FORM,
    body: () => form(200, (at) => `${field(at)}${repeat(20_000, () => ';a=b', '')}`),
    statuses: [400, 413, 422],
  },
];
