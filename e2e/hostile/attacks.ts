/** One request that wants to hold the server. */
export interface Attack {
  name: string;
  path: string;
  /** Its JSON text, built when it is its turn. */
  body: () => string;
  /** Which answers are right; 413 or 422 unless said. */
  statuses?: readonly number[];
  headers?: Record<string, string>;
}

const TASKS = '/api/v2/tasks';
const JOBS = '/api/v2/jobs';
const BATCHES = '/api/v2/batches';
const MEBIBYTE = 1024 * 1024;

/** `count` things as text, joined. */
function repeat(count: number, write: (index: number) => string, separator = ','): string {
  return Array.from({ length: count }, (_, index) => write(index)).join(separator);
}

/** 700,000 nodes in a little under 32 MiB. */
const crowd = () => `{${repeat(700_000, (at) => `"${at}":{"class_type":"KSampler","inputs":{}}`)}}`;

/** 100,000 nodes with 500,000 links, all backwards. */
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

/** What held the server for seconds, or ended it: refused while it arrives. */
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
    name: '2 MB where a name belongs',
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
];
