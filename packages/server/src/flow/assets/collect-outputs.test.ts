import { type CollectedOutput, ComfyHttp, type HttpTransport, readOutputs } from '@comfleet/comfyui';
import { FakeClock } from '@comfleet/test-kit';
import { beforeAll, describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import { createAttemptRow, createTaskRow } from '../../../test/kit/rows.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import type { BlobStore } from './blob-store.ts';
import { type CollectDeps, collectOutputs } from './collect-outputs.ts';

/** Responses of `/view` by `type/subfolder/filename`: a body or a status. Everything else is 404. */
type Files = Record<string, string | number>;

let database: CollectDeps['database'];
beforeAll(async () => {
  database = await openMemoryDatabase(new FakeClock());
});

function openWorker(files: Files) {
  const asked: string[] = [];
  const transport: HttpTransport = {
    request: async ({ url }) => {
      const query = new URL(url).searchParams;
      const path = ['type', 'subfolder', 'filename']
        .map((key) => query.get(key) ?? '')
        .filter(Boolean)
        .join('/');
      asked.push(path);
      const answer = files[path] ?? 404;
      const body = typeof answer === 'string' ? answer : '';
      return {
        status: typeof answer === 'number' ? answer : 200,
        headers: { 'content-length': String(Buffer.byteLength(body)) },
        text: async () => '',
        body: (async function* () {
          if (body !== '') yield Buffer.from(body);
        })(),
      };
    },
  };
  return { asked, http: new ComfyHttp({ baseUrl: 'http://worker', transport }) };
}

/** Stores nothing; returns only what collecting uses. */
const BLOBS: Pick<BlobStore, 'put'> = {
  put: async (source, { maxBytes }) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) chunks.push(chunk);
    const head = Buffer.concat(chunks);
    if (head.byteLength > maxBytes) throw new AppError('BODY_TOO_LARGE', { max_bytes: maxBytes });
    return { hash: head.toString('hex').padEnd(4, '0'), sizeBytes: head.byteLength, isNew: true, head };
  },
};
const unusable = (): never => {
  throw new Error('collecting has no business with this');
};

interface Run {
  files: Files;
  outputs: unknown;
  cached?: string[];
  twins?: [string, string][];
  maxFiles?: number;
  maxFileBytes?: number;
  maxTaskBytes?: number;
  /** Aborts the wait for the worker. */
  signal?: AbortSignal;
}

async function collect({ files, outputs, cached = [], twins = [], signal, ...limits }: Run) {
  const { asked, http } = openWorker(files);
  let ids = 0;
  const deps: CollectDeps = {
    database,
    blobs: { open: unusable, has: unusable, removeUnused: unusable, linkTo: unusable, ...BLOBS },
    clock: Object.assign(new FakeClock(), { sleep: async () => undefined }),
    logger: silentLogger,
    createId: () => named(`asset-${++ids}`),
    maxFileBytes: limits.maxFileBytes ?? 1000,
    maxTaskBytes: limits.maxTaskBytes ?? null,
    maxFiles: limits.maxFiles ?? null,
  };
  const { assets, problems } = await collectOutputs(deps, {
    task: createTaskRow(),
    attempt: createAttemptRow(),
    outputs: readOutputs(outputs),
    cachedNodeIds: new Set(cached),
    twins: new Map(twins),
    restoreName: (name) => name.replace('~tag', ''),
    http,
    signal: signal ?? new AbortController().signal,
  });
  return {
    asked,
    results: assets.map(({ node_id, name, kind }) => `${node_id} ${kind} ${name}`),
    problems: problems.map(({ nodeId, name, cause }) => ({ nodeId, name, ...cause })),
  };
}

const file = (filename: string, more: Partial<CollectedOutput['file']> = {}) => ({
  filename,
  subfolder: '',
  type: 'output',
  ...more,
});

describe('good files beside bad ones', () => {
  test.each([400, 403, 404, 410])(
    'TD6 a file that the worker answers with %i is left out and named; the others are results, and it is asked for once',
    async (status) => {
      const files = { 'output/a.png': 'text', 'output/b~tag.txt': status, 'output/c.txt': 'c' };
      const outputs = { '3': { files: [file('b~tag.txt'), file('c.txt')] } };
      const { results, problems, asked } = await collect({ files, outputs });

      expect(results).toEqual(['3 text c.txt']);
      expect(problems).toEqual([{ nodeId: '3', name: 'b.txt', kind: 'refused', status }]);
      expect(asked).toEqual(['output/b~tag.txt', 'output/c.txt']);
    },
  );

  test('D2 a 404 for a node that was served from the cache is a file that is gone', async () => {
    const { problems } = await collect({
      files: {},
      outputs: { '3': { images: [file('a.png')] } },
      cached: ['3'],
    });

    expect(problems).toEqual([{ nodeId: '3', name: 'a.png', kind: 'gone', status: 404 }]);
  });

  test('D8 a file above the limit is not fetched, and the problem names the setting', async () => {
    const outputs = { '3': { images: [file('long.txt'), file('short.txt')] } };
    const { results, problems } = await collect({
      files: { 'output/long.txt': 'x'.repeat(11), 'output/short.txt': 'x'.repeat(10) },
      outputs,
      maxFileBytes: 10,
    });

    expect(results).toEqual(['3 text short.txt']);
    expect(problems).toMatchObject([
      { name: 'long.txt', kind: 'too_large', setting: 'limits.result_bytes', limit: 10 },
    ]);
  });

  test('D8 a file beyond the rest of the limit of a task’s results is left out; a smaller one after it is not', async () => {
    const outputs = {
      '3': { files: [file('a.txt'), file('long.txt'), file('b.txt')], text: ['beyond it', 'ok'] },
    };
    const { results, problems } = await collect({
      files: { 'output/a.txt': '12345', 'output/long.txt': '123456', 'output/b.txt': '123' },
      outputs,
      maxTaskBytes: 10,
    });
    const above = { kind: 'too_large_together', setting: 'limits.task_result_bytes', limit: 10 };

    expect(results).toEqual(['3 text a.txt', '3 text b.txt', '3 text 3_text_1.txt']);
    expect(problems).toMatchObject([
      { name: 'long.txt', ...above },
      { name: '3_text_0.txt', ...above },
    ]);
  });

  test('D1 a download that never completes is tried five times and named; the others are results', async () => {
    const { results, problems, asked } = await collect({
      files: { 'output/a.txt': 500, 'output/b.txt': 'b' },
      outputs: { '3': { files: [file('a.txt'), file('b.txt')] } },
    });

    expect(results).toEqual(['3 text b.txt']);
    expect(problems).toMatchObject([{ name: 'a.txt', kind: 'broken', tries: 5 }]);
    expect(asked.filter((path) => path === 'output/a.txt')).toHaveLength(5);
  });

  test('D1 after three broken downloads of a worker each further one is tried once', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `${index}.txt`);
    const { problems, asked } = await collect({
      files: Object.fromEntries(names.map((name) => [`output/${name}`, 502])),
      outputs: { '3': { files: names.map((name) => file(name)) } },
    });

    expect(problems).toHaveLength(10);
    expect(asked).toHaveLength(3 * 5 + 7);
  });

  test('a preview does not replace a file that was made but could not be downloaded', async () => {
    const { results } = await collect({
      files: { 'output/a.txt': 500, 'temp/p.txt': 'p' },
      outputs: { '3': { files: [file('a.txt')] }, '4': { images: [file('p.txt', { type: 'temp' })] } },
    });

    expect(results).toEqual([]);
  });

  test('what was not fetched when its worker went away is named; a text needs no worker', async () => {
    const { results, problems, asked } = await collect({
      files: { 'output/a.txt': 'a' },
      outputs: { '3': { files: [file('a.txt')], text: ['t'] } },
      signal: AbortSignal.abort('worker_lost'),
    });

    expect(results).toEqual(['3 text 3_text_0.txt']);
    expect(problems).toMatchObject([
      { name: 'a.txt', kind: 'unreachable', dispatched: true, started: false },
    ]);
    expect(asked).toEqual([]);
  });

  test('D8 where results are counted, those above the number are left out', async () => {
    const outputs = { '3': { text: ['one', 'two', 'three'] } };
    const { results, problems } = await collect({ files: {}, outputs, maxFiles: 2 });

    expect(results).toHaveLength(2);
    expect(problems).toMatchObject([{ kind: 'too_many', setting: 'limits.result_files', limit: 2 }]);
  });

  test.each([
    ['empty.png', 'empty'],
    ['empty.mp4', 'empty'],
    ['empty.flac', 'empty'],
    ['empty.glb', 'empty'],
    ['empty.srt', null],
    ['empty.json', null],
    ['empty.bin', null],
  ])('RS8 an empty file is a result where it may be empty: %s', async (name, kind) => {
    const { problems } = await collect({
      files: { [`output/${name}`]: '' },
      outputs: { '3': { files: [file(name)] } },
    });

    expect(problems.map((problem) => problem.kind)).toEqual(kind === null ? [] : [kind]);
  });

  test('RS8 a file with a picture’s name that is not a picture is left out', async () => {
    const { problems } = await collect({
      files: { 'output/a.png': 'nope' },
      outputs: { '3': { images: [file('a.png')] } },
    });

    expect(problems).toMatchObject([{ kind: 'unreadable' }]);
  });
});

describe('where a file lies', () => {
  test('Windows separators are tried as they are, then as ours', async () => {
    const { results, asked } = await collect({
      files: { 'output/day/one/a.txt': 'a' },
      outputs: { '3': { files: [file('a.txt', { subfolder: 'day\\one' })] } },
    });

    expect(results).toEqual(['3 text a.txt']);
    expect(asked).toEqual(['output/day\\one/a.txt', 'output/day/one/a.txt']);
  });

  test('TD7 a path that a node returned is a file in output', async () => {
    const { results } = await collect({
      files: { 'output/3d/made.obj': 'o' },
      outputs: { '4': { result: ['3d/made.obj', null, []] } },
    });

    expect(results).toEqual(['4 3d made.obj']);
  });

  test('TD7 one that lies in temp is a preview: a result where nothing else was made', async () => {
    const preview = { '4': { result: ['seen.ply', null, []] } };
    const files = { 'temp/seen.ply': 'p', 'output/a.txt': 'a' };
    const alone = await collect({ files, outputs: preview });
    const beside = await collect({ files, outputs: { ...preview, '5': { files: [file('a.txt')] } } });

    expect([alone.results, alone.problems]).toEqual([['4 3d seen.ply'], []]);
    expect([beside.results, beside.problems]).toEqual([['5 text a.txt'], []]);
  });

  test('TD7 one that is in neither is kept as the text it is, and named', async () => {
    const { results, problems } = await collect({
      files: {},
      outputs: { '4': { result: ['lost.obj', null] } },
    });

    expect(results).toEqual(['4 text 4_result_0.txt']);
    expect(problems).toMatchObject([{ name: 'lost.obj', kind: 'refused', status: 404 }]);
  });
});

describe('previews', () => {
  const temp = (name: string) => file(name, { type: 'temp' });
  const files = { 'temp/p.txt': 'p', 'output/a.txt': 'a', 'input/i.txt': 'i' };

  test('TD8 a graph that ends only in previews delivers them, beside texts too', async () => {
    const { results } = await collect({
      files,
      outputs: { '1': { images: [temp('p.txt')] }, '2': { text: ['t'] } },
    });

    expect(results).toEqual(['2 text 2_text_0.txt', '1 text p.txt']);
  });

  test('RS1 previews beside a file that stays are no results', async () => {
    const outputs = { '1': { images: [temp('p.txt')] }, '2': { images: [file('a.txt')] } };

    expect((await collect({ files, outputs })).results).toEqual(['2 text a.txt']);
  });

  test('TD8 a file of the input folder was not made: previews beside it are results', async () => {
    const outputs = { '1': { a: [temp('p.txt')], b: [file('i.txt', { type: 'input' })] } };

    expect((await collect({ files, outputs })).results).toEqual(['1 text i.txt', '1 text p.txt']);
  });

  test('the twin of a node that sends its pictures over the socket is that node’s result', async () => {
    const outputs = { twin: { images: [temp('p.txt')] }, '1': { images: [temp('q.txt')] } };

    expect((await collect({ files, outputs, twins: [['twin', '9']] })).results).toEqual(['9 text p.txt']);
  });
});
