import { type HttpDouble, openHttpDouble } from '@comfleet/test-kit';
import { afterEach, describe, expect, it } from 'vitest';
import { ComfyHttp } from '../http/comfy-http.ts';
import { createNodeTransport } from '../node/undici-transport.ts';
import { stopPrompt } from './stop-prompt.ts';

const PROMPT = '0199f2aa-0000-7000-8000-000000000001';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server whose cancel route answers so, and which runs the prompt. */
async function open(status: number, body: string): Promise<{ http: ComfyHttp; server: HttpDouble }> {
  const server = await openHttpDouble(({ method, path }, response) => {
    if (path.startsWith('/api/jobs/')) response.writeHead(status).end(body);
    else if (method === 'GET')
      response.end(`{"queue_running":[[1,"${PROMPT}",{},{},[]]],"queue_pending":[]}`);
    else response.end();
  });
  const transport = createNodeTransport();
  closers.push(
    () => server.close(),
    () => transport.close(),
  );
  return { http: new ComfyHttp({ baseUrl: server.url, transport }), server };
}

const listCalls = (server: HttpDouble) => server.requests.map(({ method, path }) => `${method} ${path}`);

describe('stopPrompt', () => {
  it.each(['{"cancelled":true}', '{"cancelled":false}'])(
    'P11 takes one step where the server offers it (%s)',
    async (body) => {
      const { http, server } = await open(200, body);
      await stopPrompt(http, PROMPT);
      expect(listCalls(server)).toEqual([`POST /api/jobs/${PROMPT}/cancel`]);
    },
  );

  it.each([404, 405])('P11 deletes, looks and interrupts where it answers %i', async (status) => {
    const { http, server } = await open(status, 'no such route');
    await stopPrompt(http, PROMPT);
    expect(listCalls(server).slice(1)).toEqual(['POST /queue', 'GET /queue', 'POST /interrupt']);
  });

  it('tells of a server that could not say', async () => {
    const { http } = await open(500, 'oops');
    await expect(stopPrompt(http, PROMPT)).rejects.toMatchObject({ code: 'BAD_STATUS' });
  });
});
