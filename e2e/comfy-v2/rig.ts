import { request as httpRequest } from 'node:http';
import { DEFAULT_MODELS, type Simulator } from '@comfleet/simulator';
import {
  type Client,
  followPath,
  type Json,
  type Parts,
  type ReceivedResponse,
  readResponse,
  registerClient,
  type ServerOptions,
  sendRequest,
  startServer,
} from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { Contract } from './contract.ts';

const contract = new Contract();
/** Responses seen by tests: `operation status` → test names. */
export const SEEN = new Map<string, Set<string>>();

export { contract };

/** The caller. */
type Bearer = Pick<Client, 'token'>;

interface TestedServer {
  readonly url: string;
  /** Bearer of an admin. */
  readonly token: string;
  readonly simulators: readonly Simulator[];
  close(): Promise<void>;
}

/** The Comfy API v2 door of a server; every response is checked against the contract. */
export class Rig {
  readonly server: TestedServer;

  constructor(server: TestedServer) {
    this.server = server;
  }

  /** Opens a server on SQLite, with workers whose inventory is known and whose runs last long enough to be observed. */
  static async open(options: Pick<ServerOptions, 'config'> & { workers: 'busy' | 'ready' }): Promise<Rig> {
    const { workers, config = {} } = options;
    const watchable = { stepMs: 30, previewMethod: 'latent2rgb', models: DEFAULT_MODELS } as const;
    const server = await startServer({ config, simulators: [watchable, watchable] });
    await server.whenOnline();
    if (workers === 'busy') await server.setMaintenance(true);
    return new Rig(server);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  /** Registers a client, which may run raw graphs by default. */
  register(name: string, grants: readonly 'raw_graph'[] = ['raw_graph']): Promise<Client> {
    return registerClient(this.server, name, grants);
  }

  /** Sends a request to the door as `client` (null: anonymous) and checks the response against the contract. */
  async ask(client: Bearer | null, request: string, parts: Parts = {}): Promise<ReceivedResponse> {
    return this.#accept(request, await this.#send(client, request, parts));
  }

  /** Opens an event stream and resolves when its headers arrived; `finish` waits for its end and checks it. */
  async openStream(client: Client, request: string): Promise<{ finish: () => Promise<ReceivedResponse> }> {
    const answer = await this.#send(client, request);
    return { finish: () => this.#accept(request, answer) };
  }

  /** Like `ask`, with a given Host header. */
  async askAsHost(host: string, client: Client, request: string): Promise<ReceivedResponse> {
    const [method = '', path = ''] = request.split(' ');
    const answer = await new Promise<Response>((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${client.token}` };
      const sent = httpRequest(this.server.url + path, { method, headers }, (received) => {
        const chunks: Buffer[] = [];
        received.on('data', (chunk: Buffer) => chunks.push(chunk));
        received.on('end', () => {
          const body = Buffer.concat(chunks);
          const init = { status: received.statusCode ?? 0, headers: toPlain(received.headers) };
          resolve(new Response(body.length > 0 ? body : null, init));
        });
      });
      sent.on('error', reject);
      sent.end();
    });
    return this.#accept(request, answer);
  }

  /** A fetch for third-party clients that checks the responses they get. */
  get fetch(): typeof fetch {
    return async (input, init) => {
      const answer = await fetch(input, init);
      const url = new URL(String(input));
      if (!/^\/api\/v2\/(jobs|assets)/.test(url.pathname)) return answer;
      const copy = answer.clone();
      void this.#accept(`${init?.method ?? 'GET'} ${url.pathname}`, copy).catch((thrown: unknown) => {
        this.problems.push(thrown);
      });
      return answer;
    };
  }

  /** Problems in responses to third-party clients. */
  readonly problems: unknown[] = [];

  /** Fetches a job on each of its events, until it satisfies the condition. */
  async waitForJob(client: Client, id: string, isWanted: (job: Json) => boolean): Promise<Json> {
    for await (const frame of followPath(this.server, `/api/v2/tasks/${id}/events`)) {
      if (frame.event === 'preview') continue;
      const { json } = await this.ask(client, `GET /api/v2/jobs/${id}`);
      if (isWanted(json)) return json;
    }
    throw new Error(`job ${id} has ended otherwise`);
  }

  /** Submits a graph; returns the job. */
  async submit(client: Client, workflow: unknown): Promise<Json> {
    const answer = await this.ask(client, 'POST /api/v2/jobs', { body: { workflow } });
    expect(answer.status, answer.text).toBe(201);
    return answer.json;
  }

  /** Uploads bytes; fields come first, as the door requires. */
  upload(
    client: Bearer | null,
    bytes: Uint8Array,
    fields: readonly (readonly [string, string])[],
    headers: Record<string, string> = {},
  ): Promise<ReceivedResponse> {
    const form = new FormData();
    for (const [name, value] of fields) form.append(name, value);
    form.append('file', new Blob([new Uint8Array(bytes)]), 'upload');
    return this.ask(client, 'POST /api/v2/assets', { body: form, headers });
  }

  #send(client: Bearer | null, request: string, parts?: Parts): Promise<Response> {
    return sendRequest({ url: this.server.url, token: client?.token ?? null }, request, parts);
  }

  async #accept(request: string, answer: Response): Promise<ReceivedResponse> {
    const reply = await readResponse(answer);
    const [method = '', path = ''] = request.split(' ');
    const operation = contract.find(method, path);
    contract.check(operation, reply);
    const key = `${operation.id} ${answer.status}`;
    SEEN.set(key, (SEEN.get(key) ?? new Set()).add(expect.getState().currentTestName ?? ''));
    return reply;
  }
}

function toPlain(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** The one output of a job. */
export function outputOf({ outputs }: Json): Json {
  if (outputs.length !== 1) throw new Error(`${outputs.length} outputs, not one`);
  return outputs[0];
}

/** Inverts an uploaded picture. */
export function invert(image: unknown, seconds = 0) {
  return {
    '1': { class_type: 'LoadImage', inputs: { image } },
    '4': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds } },
    '2': { class_type: 'ImageInvert', inputs: { image: ['4', 0] } },
    '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'inverted' } },
  };
}

/** A sampling graph as JSON text, so that its seed keeps exactly these digits. */
export function sampledText(seed: string, steps = 8): string {
  return `{"3":{"class_type":"KSampler","inputs":{"seed":${seed},"steps":${steps},"cfg":7.0,"sampler_name":"euler","scheduler":"normal","denoise":1,"model":["4",0],"positive":["6",0],"negative":["6",0],"latent_image":["5",0]}},"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"random-a.safetensors"}},"5":{"class_type":"EmptyLatentImage","inputs":{"width":64,"height":64,"batch_size":1}},"6":{"class_type":"CLIPTextEncode","inputs":{"text":"a cat","clip":["4",1]}},"8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},"9":{"class_type":"SaveImage","inputs":{"images":["8",0],"filename_prefix":"cat"}}}`;
}
