import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { PNG } from '../support/graphs.ts';

/** What is sent: a text, bytes, or as many pieces as the other side reads. */
export type Body = string | Buffer | Iterable<string | Buffer> | AsyncIterable<string | Buffer>;

/** How a worker misbehaves while a task runs on it; everything else is answered as ComfyUI would. */
export interface Trick {
  /** The history entry of the prompt, as JSON text. */
  entry?: () => Body;
  /** The answer to POST /prompt. */
  post?: { status: number; body: () => Body };
  /** Sent over the socket between the start and the end of the prompt. */
  frames?: (send: (frame: string | Buffer) => Promise<void>, promptId: string) => Promise<void>;
  /** Answers by path, for GET. */
  answers?: Readonly<Record<string, (response: ServerResponse) => Promise<void>>>;
}

const OBJECT_INFO = JSON.stringify({
  EmptyImage: { input: { required: { width: ['INT', {}] } }, output: ['IMAGE'], name: 'EmptyImage' },
  SaveImage: {
    input: { required: { images: ['IMAGE'], filename_prefix: ['STRING', { default: 'x' }] } },
    output: [],
    output_node: true,
    name: 'SaveImage',
  },
});
const STATS = JSON.stringify({
  system: { os: 'posix', comfyui_version: '0.3.64', python_version: '3.12', argv: ['main.py'] },
  devices: [{ name: 'cuda:0', type: 'cuda', index: 0, vram_total: 8e9, vram_free: 8e9 }],
});
const FIXED: Readonly<Record<string, string>> = {
  '/system_stats': STATS,
  '/object_info': OBJECT_INFO,
  '/queue': '{"queue_running":[],"queue_pending":[]}',
  '/prompt': '{"exec_info":{"queue_remaining":0}}',
  '/features': '{}',
  '/models': '[]',
  '/embeddings': '[]',
};
/** The history entry of a prompt that made one picture. */
const GOOD_ENTRY = JSON.stringify({
  prompt: [1, '?', {}, {}, ['2']],
  outputs: { '2': { images: [{ filename: 'a.png', subfolder: '', type: 'output' }] } },
  status: { status_str: 'success', completed: true, messages: [['execution_success', {}]] },
});

/** A server that behaves like ComfyUI except for its trick, in which it may send anything: huge, endless or malformed. */
export class HostileWorker {
  trick: Trick = {};
  readonly #server: Server;
  readonly #sockets = new Set<WebSocket>();
  readonly #ended = new Set<string>();

  private constructor() {
    this.#server = createServer((request, response) => {
      // The other side may disconnect in the middle of any response, as it should.
      this.#answer(request, response).catch(() => response.destroy());
    });
    const upgrades = new WebSocketServer({ server: this.#server, path: '/ws', perMessageDeflate: false });
    upgrades.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      socket.send('{"type":"status","data":{"status":{"exec_info":{"queue_remaining":0}},"sid":"s"}}');
    });
  }

  static async start(): Promise<HostileWorker> {
    const worker = new HostileWorker();
    await new Promise<void>((resolve) => worker.#server.listen(0, '127.0.0.1', resolve));
    return worker;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://worker');
    if (request.method === 'POST') return this.#post(pathname, request, response);
    const own = this.trick.answers?.[pathname];
    if (own) return own(response);
    const promptId = /^\/history\/(.+)$/.exec(pathname)?.[1];
    if (promptId !== undefined) return this.#sendHistory(promptId, response);
    if (pathname === '/view') return send(response, PNG);
    const fixed = FIXED[pathname];
    if (fixed === undefined) response.statusCode = 404;
    return send(response, fixed ?? '404: Not Found');
  }

  async #post(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (path !== '/prompt') return send(response, '{}');
    const { prompt_id: promptId } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      prompt_id: string;
    };
    const { post } = this.trick;
    if (post) {
      response.statusCode = post.status;
      await send(response, post.body());
      if (post.status !== 200) return;
    } else await send(response, JSON.stringify({ prompt_id: promptId, number: 1, node_errors: {} }));
    await this.#run(promptId);
  }

  async #run(promptId: string): Promise<void> {
    const { frames } = this.trick;
    await this.#broadcast(JSON.stringify({ type: 'execution_start', data: { prompt_id: promptId } }));
    if (frames) await frames((frame) => this.#broadcast(frame), promptId);
    this.#ended.add(promptId);
    await this.#broadcast(JSON.stringify({ type: 'execution_success', data: { prompt_id: promptId } }));
  }

  async #broadcast(frame: string | Buffer): Promise<void> {
    const sent = [...this.#sockets].map(
      (socket) => new Promise<void>((resolve) => socket.send(frame, () => resolve())),
    );
    await Promise.all(sent);
  }

  #sendHistory(promptId: string, response: ServerResponse): Promise<void> {
    if (!this.#ended.has(promptId)) return send(response, '{}');
    const { entry = () => GOOD_ENTRY } = this.trick;
    return send(response, around(`{"${promptId}":`, entry(), '}'));
  }
}

/** Sends a body as fast as it is read. */
export async function send(response: ServerResponse, body: Body): Promise<void> {
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    await new Promise<void>((resolve) => response.end(body, () => resolve()));
    return;
  }
  await pipeline(Readable.from(body), response);
}

async function* around(before: string, body: Body, after: string): AsyncGenerator<string | Buffer> {
  yield before;
  if (typeof body === 'string' || Buffer.isBuffer(body)) yield body;
  else yield* body;
  yield after;
}
