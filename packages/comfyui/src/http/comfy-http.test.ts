import type { ServerResponse } from 'node:http';
import { type HttpDouble, openHttpDouble } from '@comfleet/test-kit';
import { afterEach, describe, expect, it } from 'vitest';
import { createNodeTransport } from '../node/undici-transport.ts';
import { ComfyError } from './comfy-error.ts';
import { ComfyHttp } from './comfy-http.ts';
import { createFetchTransport } from './fetch-transport.ts';

const PROMPT = '0199f2aa-0000-7000-8000-000000000001';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Answer = (request: { method: string; path: string }, response: ServerResponse) => void;

async function open(
  answer: Answer,
  transportName = 'node',
): Promise<{ http: ComfyHttp; server: HttpDouble }> {
  const server = await openHttpDouble(answer);
  const node = createNodeTransport();
  closers.push(
    () => server.close(),
    () => node.close(),
  );
  const transport = transportName === 'node' ? node : createFetchTransport((url, init) => fetch(url, init));
  return { http: new ComfyHttp({ baseUrl: server.url, transport }), server };
}

const json =
  (value: unknown, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };

async function errorOf(promise: Promise<unknown>): Promise<ComfyError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ComfyError)) throw new Error(`expected a ComfyError, got ${String(error)}`);
  return error;
}

describe('POST /prompt', () => {
  const graph = { '1': { class_type: 'A', inputs: {} } };
  const prompt = { graph, promptId: PROMPT, socketId: 'socket-1', extraData: { comfleet: { task: 't' } } };

  it('WF23 a graph given as text is sent byte for byte, ids beside it', async () => {
    const { http, server } = await open(json({ prompt_id: PROMPT, number: 3, node_errors: {} }));
    const text = '{"3": {"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":1.0}}}';
    const outcome = await http.submitPrompt({ ...prompt, graph: text });
    expect(outcome).toEqual({ kind: 'accepted', promptId: PROMPT, number: 3, nodeErrors: null });
    expect(server.requests[0]?.body).toBe(
      `{"prompt":${text},"client_id":"socket-1","prompt_id":"${PROMPT}","extra_data":{"comfleet":{"task":"t"}}}`,
    );
  });

  it('a 200 with node errors tells them', async () => {
    const { http } = await open(json({ prompt_id: PROMPT, number: 3, node_errors: { '4': { errors: [] } } }));
    expect(await http.submitPrompt(prompt)).toMatchObject({
      kind: 'accepted',
      nodeErrors: { '4': { errors: [] } },
    });
  });

  it('WF22 a 400 is refused, with the errors per node', async () => {
    const error = { type: 'prompt_outputs_failed_validation', message: 'm', details: 'd', extra_info: {} };
    const { http } = await open(json({ error, node_errors: { '9': { errors: [] } } }, 400));
    expect(await http.submitPrompt(prompt)).toEqual({
      kind: 'refused',
      status: 400,
      error: { type: 'prompt_outputs_failed_validation', message: 'm', details: 'd', extraInfo: {} },
      nodeErrors: { '9': { errors: [] } },
    });
  });

  it.each([500, 502, 503])('a %i may have been accepted, so it is unclear', async (status) => {
    const { http, server } = await open((_request, response) => response.writeHead(status).end('<html>'));
    expect(await http.submitPrompt(prompt)).toMatchObject({ kind: 'unclear', cause: { code: 'BAD_STATUS' } });
    expect(server.requests).toHaveLength(1);
  });

  it('a connection that breaks before the answer is unclear and is not sent twice', async () => {
    const { http, server } = await open((_request, response) => response.socket?.destroy());
    expect(await http.submitPrompt(prompt)).toMatchObject({ kind: 'unclear', cause: { code: 'RESET' } });
    expect(server.requests).toHaveLength(1);
  });

  it('an answer cut in the middle is unclear', async () => {
    const { http } = await open((_request, response) => {
      response.writeHead(200, { 'content-length': '500' });
      response.write('{"prompt_id":');
      response.socket?.destroySoon();
    });
    expect(await http.submitPrompt(prompt)).toMatchObject({ kind: 'unclear' });
  });

  it('no answer in time is unclear', async () => {
    const { http } = await open(() => undefined);
    const outcome = await http.submitPrompt({ ...prompt, timeoutMs: 60 });
    expect(outcome).toMatchObject({ kind: 'unclear', cause: { code: 'TIMEOUT' } });
  });

  it('nobody listening means nothing was sent', async () => {
    const { http, server } = await open(json({}));
    await server.close();
    expect(await http.submitPrompt(prompt)).toMatchObject({
      kind: 'not_sent',
      cause: { code: 'CONNECTION_REFUSED' },
    });
  });

  it('an aborted caller sends nothing', async () => {
    const { http, server } = await open(json({}));
    const outcome = await http.submitPrompt({ ...prompt, signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ kind: 'not_sent', cause: { code: 'ABORTED' } });
    expect(server.requests).toHaveLength(0);
  });
});

describe('history and queue', () => {
  it('an unknown prompt has no history', async () => {
    const { http } = await open(json({}));
    expect(await http.loadHistory(PROMPT)).toBeNull();
  });

  it('CD5 an answer without the prompt and a bad status are distinguished', async () => {
    const wrong = await open(json({ another: {} }));
    expect(await errorOf(wrong.http.loadHistory(PROMPT))).toMatchObject({ code: 'INVALID_BODY' });
    const failing = await open(json({}, 502));
    expect(await errorOf(failing.http.loadHistory(PROMPT))).toMatchObject({
      code: 'BAD_STATUS',
      details: { status: 502 },
    });
  });

  it('history with bare NaN is read', async () => {
    const { http } = await open((_request, response) =>
      response.end(`{"${PROMPT}":{"outputs":{"1":{"v":[NaN]}}}}`),
    );
    expect(await http.loadHistory(PROMPT)).toEqual({ outputs: { '1': { v: [Number.NaN] } } });
  });

  it('truncated JSON is an invalid body', async () => {
    const { http } = await open((_request, response) => response.end('{"a":'));
    expect(await errorOf(http.loadHistory(PROMPT))).toMatchObject({ code: 'INVALID_BODY' });
  });

  it('the queue comes in execution order, whatever the heap of the server says', async () => {
    const item = (number: number, id: string) => [number, id, {}, { client_id: 'c' }, ['3']];
    const { http } = await open(
      json({
        queue_running: [item(1, 'r')],
        queue_pending: [item(9, 'b'), item(-4, 'a'), item(9, 'a'), 'odd'],
      }),
    );
    const queue = await http.loadQueue();
    expect(queue.running.map((entry) => entry.promptId)).toEqual(['r']);
    expect(queue.pending.map((entry) => [entry.number, entry.promptId])).toEqual([
      [-4, 'a'],
      [9, 'a'],
      [9, 'b'],
    ]);
  });

  it('counts, deletes, interrupts and frees with the bodies ComfyUI reads', async () => {
    const { http, server } = await open((request, response) =>
      response.end(request.path === '/prompt' ? '{"exec_info":{"queue_remaining":2}}' : ''),
    );
    expect(await http.loadQueueRemaining()).toBe(2);
    await http.deleteQueued([PROMPT]);
    await http.interrupt(PROMPT);
    await http.interrupt();
    await http.free({ unloadModels: true });
    expect(server.requests.slice(1).map((request) => [request.path, request.body])).toEqual([
      ['/queue', `{"delete":["${PROMPT}"]}`],
      ['/interrupt', `{"prompt_id":"${PROMPT}"}`],
      ['/interrupt', '{}'],
      ['/free', '{"unload_models":true,"free_memory":false}'],
    ]);
  });
});

describe('a server that misbehaves', () => {
  it('C-7 an answer that drips is cut at the total deadline', async () => {
    const { http } = await open((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    });
    expect(await errorOf(http.loadHistory(PROMPT, { timeoutMs: 80 }))).toMatchObject({ code: 'TIMEOUT' });
  });

  it('an answer without end is cut at the size cap', async () => {
    const { http } = await open((_request, response) => {
      const chunk = Buffer.alloc(256 * 1024, 32);
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await errorOf(http.loadQueueRemaining())).toMatchObject({ code: 'TOO_LARGE' });
  });

  it.each(['node', 'fetch'])('%s: a redirect is not followed', async (transport) => {
    const target = await open(json({ queue_running: [], queue_pending: [] }));
    const { http } = await open((_request, response) => {
      response.writeHead(302, { location: `${target.server.url}/queue` }).end();
    }, transport);
    expect(await errorOf(http.loadQueue())).toMatchObject({ code: 'BAD_STATUS' });
    expect(target.server.requests).toHaveLength(0);
  });

  it('a GET whose kept connection was closed is sent once more', async () => {
    let calls = 0;
    const { http, server } = await open((request, response) => {
      calls += 1;
      if (calls === 2) response.socket?.destroy();
      else json({ exec_info: { queue_remaining: calls } })(request, response);
    });
    expect([await http.loadQueueRemaining(), await http.loadQueueRemaining()]).toEqual([1, 3]);
    expect(server.requests).toHaveLength(3);
  });

  it('C-9 system stats without devices, memory or version degrade to null', async () => {
    const { http } = await open(
      json({ system: { argv: ['main.py', 5] }, devices: [{ vram_total: null }, 'x'] }),
    );
    expect(await http.loadSystemStats()).toMatchObject({
      comfyuiVersion: null,
      argv: ['main.py'],
      devices: [{ name: '', vramTotalBytes: null }],
    });
    const empty = await open(json({}));
    expect((await empty.http.loadSystemStats()).devices).toEqual([]);
  });

  it('an unknown model folder is null, Windows paths get slashes', async () => {
    const { http } = await open((request, response) =>
      request.path === '/models/loras'
        ? json(['a\\b.safetensors'])(request, response)
        : response.writeHead(404).end(),
    );
    expect(await http.loadModels('loras')).toEqual(['a/b.safetensors']);
    expect(await http.loadModels('nothing')).toBeNull();
    expect(await http.loadFeatures()).toEqual({});
  });

  it('sizes of model files are read as far as they are sizes; of two files with one name the first counts', async () => {
    const { http } = await open((request, response) =>
      request.path === '/experiment/models/loras'
        ? json([
            { name: 'a\\b.safetensors', pathIndex: 0, modified: 1.5, created: 1.5, size: 629568830 },
            { name: 'a/b.safetensors', pathIndex: 1, modified: 1.5, created: 1.5, size: 7 },
            { name: 'c.safetensors', size: '7' },
            { name: 'd.safetensors', size: -1 },
            'e.safetensors',
          ])(request, response)
        : response.writeHead(404).end(),
    );
    expect(await http.loadModelSizes('loras')).toEqual(new Map([['a/b.safetensors', 629568830]]));
    expect(await http.loadModelSizes('nothing')).toBeNull();
  });

  it('metadata of a model is read where there is some, and folders of a server that tells them', async () => {
    const { http, server } = await open((request, response) => {
      if (request.path === '/internal/folder_paths')
        json({ checkpoints: ['/models/checkpoints', 7], bad: 'x' })(request, response);
      else if (request.path.startsWith('/view_metadata/checkpoints'))
        json({ 'modelspec.architecture': 'stable-diffusion-v1' })(request, response);
      else response.writeHead(404).end();
    });
    expect(await http.loadModelMetadata({ folder: 'checkpoints', name: 'a/b c.safetensors' })).toEqual({
      'modelspec.architecture': 'stable-diffusion-v1',
    });
    expect(server.requests[0]?.path).toBe('/view_metadata/checkpoints?filename=a%2Fb+c.safetensors');
    expect(await http.loadModelMetadata({ folder: 'loras', name: 'a.safetensors' })).toBeNull();
    expect(await http.loadFolderPaths()).toEqual({ checkpoints: ['/models/checkpoints'], bad: [] });
  });
});

describe('files', () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('stre');
    yield Buffer.from('amed');
  }

  it.each(['node', 'fetch'])(
    '%s: an upload carries its fields and gives the name to use',
    async (transport) => {
      const { http, server } = await open(
        json({ name: 'in (1).png', subfolder: 'job', type: 'input' }),
        transport,
      );
      const uploaded = await http.uploadImage({
        bytes: Buffer.from('PNG!'),
        filename: 'a "b"\r\nc.png',
        subfolder: 'job',
        type: 'input',
        overwrite: true,
      });
      expect(uploaded).toEqual({ name: 'in (1).png', subfolder: 'job', type: 'input' });
      const body = server.requests[0]?.body ?? '';
      expect(body).toContain('name="image"; filename="a %22b%22%0D%0Ac.png"');
      expect(body).toContain('\r\n\r\nPNG!\r\n');
      expect(body).toContain('name="overwrite"\r\n\r\ntrue\r\n');
      expect(body).toContain('name="subfolder"\r\n\r\njob\r\n');
    },
  );

  it.each([
    ['node', 8],
    ['node', undefined],
    ['fetch', 8],
  ])('%s: a streamed upload of %s bytes arrives whole', async (transport, sizeBytes) => {
    const { http, server } = await open(json({ name: 'v.mp4' }), transport);
    await http.uploadImage({ stream: chunks(), sizeBytes, filename: 'v.mp4' });
    expect(server.requests[0]?.body).toContain('\r\n\r\nstreamed\r\n');
  });

  it.each(['node', 'fetch'])('%s: a range of a file is streamed', async (transport) => {
    const { http, server } = await open((_request, response) => {
      response.writeHead(206, { 'content-type': 'image/png', 'content-length': '3' }).end('xyz');
    }, transport);
    const file = { filename: 'ä b.png', subfolder: 's/t', type: 'output' };
    const viewed = await http.view(file, { range: 'bytes=5-' });
    const parts: Uint8Array[] = [];
    for await (const part of viewed.body) parts.push(part);
    expect([viewed.status, viewed.contentType, viewed.contentLength]).toEqual([206, 'image/png', 3]);
    expect(Buffer.concat(parts).toString()).toBe('xyz');
    expect(server.requests[0]?.path).toBe('/view?filename=%C3%A4+b.png&type=output&subfolder=s%2Ft');
    expect(server.requests[0]?.headers.range).toBe('bytes=5-');
  });

  it('a download that breaks in the middle fails instead of ending early', async () => {
    const { http } = await open((_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half');
      response.socket?.destroySoon();
    });
    const viewed = await http.view({ filename: 'a.png' });
    const read = async (): Promise<void> => {
      for await (const part of viewed.body) expect(part.length).toBeGreaterThan(0);
    };
    expect(await errorOf(read())).toMatchObject({ code: 'RESET' });
  });

  it('a reader that stops early ends the download and leaves no error behind', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { http } = await open((_request, response) => {
      response.on('close', closed);
      response.writeHead(200);
      response.write('first');
    });
    const viewed = await http.view({ filename: 'a.mp4' });
    for await (const part of viewed.body) {
      expect(Buffer.from(part).toString()).toBe('first');
      break;
    }
    await gone;
  });

  it('a body that nobody reads is dropped at its deadline', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { http } = await open((_request, response) => {
      response.on('close', closed);
      response.writeHead(200);
      response.write('first');
    });
    await http.view({ filename: 'a.mp4' }, { timeoutMs: 60 });
    await gone;
  });

  it('a missing file is a bad status', async () => {
    const { http } = await open((_request, response) => response.writeHead(404).end());
    expect(await errorOf(http.view({ filename: 'gone.png' }))).toMatchObject({ details: { status: 404 } });
  });

  it('no request carries an Origin', async () => {
    const { http, server } = await open(json({}));
    await http.loadHistory(PROMPT);
    expect(server.requests[0]?.headers.origin).toBeUndefined();
  });
});
