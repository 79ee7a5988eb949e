import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startUp } from '@comfleet/server';
import * as simulator from '@comfleet/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MENU = fileURLToPath(new URL('./menu.mjs', import.meta.url));
const PNG = '89504e470d0a1a0a';

interface Ran {
  readonly status: number | null;
  readonly out: string[];
  readonly err: string;
}

/** Runs `node examples/menu.mjs` to its end, as `npm run examples` does. */
async function runMenu(
  args: readonly string[],
  options: { readonly data: string; readonly env?: Record<string, string>; readonly input?: string },
): Promise<Ran> {
  const { data, env = {}, input = '' } = options;
  const child = spawn(process.execPath, [MENU, ...args], {
    cwd: data,
    env: { PATH: process.env.PATH ?? '', LANG: 'en_US.UTF-8', COMFLEET_DATA: data, ...env },
  });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk;
  });
  child.stdin.end(input);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, out: text.out.split('\n'), err: text.err };
}

/** Starts a server in this process with simulated ComfyUIs, as `npm start` does. */
async function openServer(models?: readonly simulator.SimulatedModel[]) {
  const data = await mkdtemp(join(tmpdir(), 'comfleet-examples-'));
  const stop = new AbortController();
  const opened: Awaited<ReturnType<typeof simulator.openSimulator>>[] = [];
  const module = {
    openSimulator: async (options: Parameters<typeof simulator.openSimulator>[0]) => {
      const one = await simulator.openSimulator({ ...options, stepMs: 20, ...(models ? { models } : {}) });
      opened.push(one);
      return one;
    },
  };
  let ended: Promise<number> = Promise.resolve(0);
  await new Promise<void>((resolve, reject) => {
    ended = startUp({
      dataDir: data,
      port: 0,
      workers: [],
      simulated: { count: 2, module },
      language: 'en',
      print: (line) => {
        if (line.includes('code=')) resolve();
      },
      environment: {},
      signal: stop.signal,
    });
    ended.then((code) => reject(new Error(`ended with ${code}`)), reject);
  });
  const close = async (): Promise<void> => {
    stop.abort();
    await ended;
    await rm(data, { recursive: true });
  };
  return { data, close, simulators: opened };
}

const savedFiles = (out: readonly string[]): string[] =>
  out.filter((line) => line.startsWith('Saved ')).map((line) => line.slice('Saved '.length));

async function kindOf(path: string): Promise<string> {
  return (await readFile(path)).subarray(0, 8).toString('hex');
}

describe('the examples on simulated workers', () => {
  let server: Awaited<ReturnType<typeof openServer>>;
  beforeAll(async () => {
    server = await openServer();
  });
  afterAll(() => server.close());

  it('CL17 BG14 makes four images of one character on one connection', async () => {
    const { status, out, err } = await runMenu(['1'], server);

    expect([status, err]).toEqual([0, '']);
    expect(out[1]).toBe('== 1. Single-character images: four of one description, on one connection');
    expect(out.filter((line) => line.startsWith('[')).sort()).toEqual([
      '[1/4] description 1/1, image 1/4',
      '[2/4] description 1/1, image 2/4',
      '[3/4] description 1/1, image 3/4',
      '[4/4] description 1/1, image 4/4',
    ]);
    expect(out.filter((line) => line === 'Connected, starting the batch of images')).toHaveLength(1);
    expect(out.filter((line) => line === 'All images are done, closing the connection')).toHaveLength(1);
    expect(await Promise.all(savedFiles(out).map(kindOf))).toEqual([PNG, PNG, PNG, PNG]);
  });

  it('BG2 BG3 announces several descriptions and says the seconds of each item and of all', async () => {
    const { status, out } = await runMenu(['2'], server);

    expect(status).toBe(0);
    expect(out).toContain('[5/6] description 3/3, image 1/2');
    const seconds = out.filter((line) => /^✓ \[\d\/6\] finished \(\d+\.\d\d s\)$/.test(line));
    expect(seconds).toHaveLength(6);
    expect(out.filter((line) => /^✅ Total time: \d+\.\d\d s$/.test(line))).toHaveLength(1);
  });

  it('BG9 gives every item of a batch a seed of its own', async () => {
    const { data } = server;
    const credential = JSON.parse(await readFile(join(data, 'credential.json'), 'utf8')) as {
      url: string;
      token: string;
    };
    await runMenu(['1'], server);

    const response = await fetch(`${credential.url}/api/v2/tasks?limit=4`, {
      headers: { authorization: `Bearer ${credential.token}` },
    });
    const { tasks } = (await response.json()) as { tasks: { seed: string }[] };

    expect(new Set(tasks.map((task) => task.seed)).size).toBe(4);
  });

  it('CL17 turns a picture into a video', async () => {
    const { status, out } = await runMenu(['3'], server);

    expect(status).toBe(0);
    const [path = ''] = savedFiles(out);
    expect(path).toMatch(/\.webm$/);
    expect((await kindOf(path)).slice(0, 8)).toBe('1a45dfa3');
  });

  it('BG14 CF7 runs a graph with three updates straight on one ComfyUI, over one socket', async () => {
    const [one] = server.simulators;
    const { port } = new URL(one?.url ?? '');

    const { status, out } = await runMenu(['4'], {
      ...server,
      env: { COMFYUI_HOST: '127.0.0.1', COMFYUI_PORT: port },
    });

    expect(status).toBe(0);
    expect(out).toContain(`ComfyUI at http://127.0.0.1:${port}`);
    expect(out).toContain('1 connection for 3 workflows');
    expect(out.filter((line) => line === 'WebSocket connected, starting the batch')).toHaveLength(1);
    expect(out.filter((line) => line === 'All done, closing the WebSocket connection')).toHaveLength(1);
    expect(await Promise.all(savedFiles(out).map(kindOf))).toEqual([PNG, PNG, PNG]);
  });

  it('CL17 runs a graph file of one’s own with inputs changed, on a worker of the fleet', async () => {
    const graph = {
      7: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
      8: { class_type: 'SaveImage', inputs: { images: ['7', 0], filename_prefix: 'own' } },
    };
    await writeFile(join(server.data, 'own.json'), JSON.stringify(graph));

    const { status, out } = await runMenu(['4', 'own.json', '7.width=16'], server);

    expect(status).toBe(0);
    const bytes = await readFile(savedFiles(out)[0] ?? '');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([16, 8]);
  });

  it('CL17 uploads a picture and brings back its negative', async () => {
    const { status, out } = await runMenu(['5'], server);

    expect(status).toBe(0);
    expect(out.some((line) => /^Workflow submitted, prompt_id: \S+$/.test(line))).toBe(true);
    expect(await kindOf(savedFiles(out)[0] ?? '')).toBe(PNG);
  });

  it('BG12 generates from a file of prompts', async () => {
    await writeFile(join(server.data, 'mine.txt'), '# two\na cat\n\na dog\n');

    const { status, out } = await runMenu(['6', 'mine.txt'], server);

    expect(status).toBe(0);
    expect(out).toContain('[2/2] description 2/2, image 1/1');
    expect(savedFiles(out)).toHaveLength(2);
  });

  it('CL17 follows a task, cancels it and runs it once more', async () => {
    const { status, out } = await runMenu(['7'], server);

    expect(status).toBe(0);
    expect(out).toContain('It ended as: canceled');
    expect(out.indexOf('Once more, with the same values:')).toBeGreaterThan(
      out.indexOf('It ended as: canceled'),
    );
    expect(savedFiles(out)).toHaveLength(1);
  });

  it('BG12 shows seven cases, single-character images first, runs what is chosen, and quits', async () => {
    const { status, out } = await runMenu([], { ...server, input: 'x\n5\nq\n' });

    const menu = out.slice(out.indexOf('Comfleet examples') + 2, out.indexOf('Comfleet examples') + 11);
    expect(menu.map((line) => line.trim().slice(0, 2))).toEqual([
      '1.',
      '2.',
      '3.',
      '4.',
      '5.',
      '6.',
      '7.',
      'a.',
      'q.',
    ]);
    expect(menu[0]).toContain('Single-character images');
    expect(out.join('\n')).toContain('There is no "x" here.');
    expect(savedFiles(out)).toHaveLength(1);
    expect(status).toBe(0);
  });

  it('CL17 speaks Chinese where the language is Chinese', async () => {
    const { out } = await runMenu(['1'], { ...server, env: { LANG: 'zh_CN.UTF-8' } });

    expect(out[1]).toBe('== 1. 单角色图片生成：一个描述四张图片，同一个连接');
    expect(out).toContain('[1/4] 为描述 1/1，生成第 1/4 张图片');
    expect(out.filter((line) => line === '所有图片生成完成，关闭连接')).toHaveLength(1);
  });

  it('ends with 2 for a case that is not there', async () => {
    expect((await runMenu(['9'], server)).status).toBe(2);
  });
});

describe('the examples where no worker has a model', () => {
  let server: Awaited<ReturnType<typeof openServer>>;
  beforeAll(async () => {
    server = await openServer([]);
  });
  afterAll(() => server.close());

  it('BG12 runs all seven', async () => {
    const { status, out, err } = await runMenu(['all'], server);

    expect(err).toBe('');
    expect(out.at(-2)).toBe('7 of 7 examples ran well');
    expect(status).toBe(0);
    expect(out).toContain('Far enough: canceling it ...');
    expect(out).toContain('No worker has a checkpoint, so these are pictures of one colour each.');
    const webp = savedFiles(out).filter((path) => path.endsWith('.webp'));
    expect((await readFile(webp[0] ?? '')).subarray(8, 12).toString('latin1')).toBe('WEBP');
  });
});

describe('the examples where nothing runs', () => {
  it('CL17 says how to start a server, and ends with 3', async () => {
    const data = await mkdtemp(join(tmpdir(), 'comfleet-examples-'));

    const { status, err } = await runMenu(['1'], { data });

    expect(status).toBe(3);
    expect(err).toContain('No Comfleet runs here.');
    expect(err).toContain('npm start');
    expect(await readdir(data)).toEqual([]);
    await rm(data, { recursive: true });
  });
});
