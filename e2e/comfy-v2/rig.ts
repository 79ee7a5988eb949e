import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskId } from '@comfleet/contract';
import { type App, openApp, openConfig, Scope, silentLogger, systemClock } from '@comfleet/server';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { expect } from 'vitest';
import { type Answer, Contract } from './contract.ts';

interface OutputBody {
  id: string;
  url: string;
  url_expires_at: string;
  hash: string;
  size_bytes: number;
  content_type: string;
}

/** Every field of a JSON answer that tests look at; the contract says which answer has which, and each is checked. */
export interface AnswerBody {
  id: string;
  status: string;
  created_at: string;
  started_at: string | null;
  completed_at: string;
  expires_at: string;
  progress: { value: number } | null;
  outputs: OutputBody[];
  error: { code: string; message: string; details: Record<string, unknown> | null };
  metrics: Record<string, number | null>;
  urls: Record<string, string>;
  hash: string;
  file_path: string | null;
  created_new: boolean;
  url: string;
  workflow: Record<string, { inputs: Record<string, unknown> }>;
}

export interface Reply extends Answer {
  text: string;
  /** The JSON body; empty for other bodies. */
  json: AnswerBody;
}

export interface RequestParts {
  /** Sent as it stands; an object becomes JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Client {
  id: string;
  token: string;
}

const contract = new Contract();
/** Which answers which test got: `operation status` → test names. */
export const SEEN = new Map<string, Set<string>>();

export { contract };

/** The built server on SQLite in a temporary folder; every answer of the door is checked against the contract. */
export class Rig {
  readonly folder: string;
  readonly app: App;
  readonly simulators: readonly Simulator[];
  readonly #scope: Scope;

  constructor(folder: string, app: App, simulators: readonly Simulator[], scope: Scope) {
    this.folder = folder;
    this.app = app;
    this.simulators = simulators;
    this.#scope = scope;
  }

  static async open(options: { simulators: number; limits?: Record<string, number> }): Promise<Rig> {
    const folder = await mkdtemp(join(tmpdir(), 'comfleet-comfy-v2-'));
    const simulators: Simulator[] = [];
    for (let count = 0; count < options.simulators; count += 1)
      simulators.push(await openSimulator({ stepMs: 30, previewMethod: 'latent2rgb' }));
    const scope = new Scope('comfy-v2', systemClock, silentLogger);
    const workers = simulators.map(({ url }, index) => ({ name: `gpu-${index + 1}`, url }));
    const settings = { data_dir: folder, server: { port: 0 }, workers, limits: options.limits ?? {} };
    const { store } = await openConfig(
      scope,
      { file: null, environment: {}, cwd: folder, options: settings },
      { clock: systemClock, logger: silentLogger },
    );
    const app = await openApp(scope, {
      store,
      builtInWorkflows: [],
      webRoot: null,
      environment: {},
      logger: silentLogger,
      onLost: (error) => {
        throw error;
      },
    });
    const rig = new Rig(folder, app, simulators, scope);
    await rig.#waitForWorkers();
    return rig;
  }

  async close(): Promise<void> {
    await this.#scope.close();
    for (const simulator of this.simulators) await simulator.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A client of its own, which may run graphs unless told otherwise. */
  async register(name: string, grants: readonly 'raw_graph'[] = ['raw_graph']): Promise<Client> {
    const { identity } = this.app;
    const { client, secret } = await identity.createClient({ name, description: null, grants });
    return { id: client.id, token: (await identity.issueToken(client.id, secret)).token };
  }

  /** Sends a request to the door as `client` (null: nobody) and checks the answer against the contract. */
  async ask(client: Client | null, request: string, parts: RequestParts = {}): Promise<Reply> {
    const [method = '', path = ''] = request.split(' ');
    const headers = { ...(client ? { authorization: `Bearer ${client.token}` } : {}), ...parts.headers };
    const answer = await fetch(this.app.address + path, { method, ...toInit(parts.body, headers) });
    return this.#accept(method, path, answer);
  }

  /** Opens an event stream and answers once its head is here; `finish` waits for its end and checks it. */
  async openStream(client: Client, request: string): Promise<{ finish: () => Promise<Reply> }> {
    const [method = '', path = ''] = request.split(' ');
    const headers = { authorization: `Bearer ${client.token}` };
    const answer = await fetch(this.app.address + path, { method, headers });
    return { finish: () => this.#accept(method, path, answer) };
  }

  /** As `ask`, with a Host header of the caller's choice. */
  async askAsHost(host: string, client: Client, request: string): Promise<Reply> {
    const [method = '', path = ''] = request.split(' ');
    const answer = await new Promise<Response>((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${client.token}` };
      const sent = httpRequest(this.app.address + path, { method, headers }, (received) => {
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
    return this.#accept(method, path, answer);
  }

  /** A fetch for other people's clients that checks what they get. */
  get fetch(): typeof fetch {
    return async (input, init) => {
      const answer = await fetch(input, init);
      const url = new URL(String(input));
      if (!/^\/api\/v2\/(jobs|assets)/.test(url.pathname)) return answer;
      const copy = answer.clone();
      void this.#accept(init?.method ?? 'GET', url.pathname, copy).catch((thrown: unknown) => {
        this.problems.push(thrown);
      });
      return answer;
    };
  }

  /** What went wrong in answers to other people's clients; empty when all was well. */
  readonly problems: unknown[] = [];

  /** Looks at a job each time something happens to it, until it is what the test waits for. */
  async waitForJob(client: Client, id: string, isWanted: (job: AnswerBody) => boolean): Promise<AnswerBody> {
    const { tasks } = this.app.calls;
    const stop = new AbortController();
    for await (const frame of tasks.watch(this.app.local.principal, id as TaskId, null, stop.signal)) {
      if (frame.kind === 'preview') continue;
      const { json } = await this.ask(client, `GET /api/v2/jobs/${id}`);
      if (isWanted(json)) return json;
    }
    throw new Error(`job ${id} has ended otherwise`);
  }

  /** Submits a graph and answers the job. */
  async submit(client: Client, workflow: unknown): Promise<AnswerBody> {
    const answer = await this.ask(client, 'POST /api/v2/jobs', { body: { workflow } });
    expect(answer.status, answer.text).toBe(201);
    return answer.json;
  }

  /** Uploads bytes; fields come first, as the door wants them. */
  upload(
    client: Client | null,
    bytes: Uint8Array,
    fields: readonly (readonly [string, string])[],
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const form = new FormData();
    for (const [name, value] of fields) form.append(name, value);
    form.append('file', new Blob([new Uint8Array(bytes)]), 'upload');
    return this.ask(client, 'POST /api/v2/assets', { body: form, headers });
  }

  async #accept(method: string, path: string, answer: Response): Promise<Reply> {
    const body = Buffer.from(await answer.arrayBuffer());
    const reply = { status: answer.status, headers: answer.headers, body };
    const operation = contract.find(method, path);
    contract.check(operation, reply);
    const key = `${operation.id} ${answer.status}`;
    SEEN.set(key, (SEEN.get(key) ?? new Set()).add(expect.getState().currentTestName ?? ''));
    const text = body.toString('utf8');
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') && text !== '';
    return { ...reply, text, json: isJson ? JSON.parse(text) : {} };
  }

  #waitForWorkers(): Promise<void> {
    const { fleet } = this.app;
    return new Promise((resolve) => {
      const check = () => {
        if (!fleet.list().every((worker) => worker.state === 'online' && worker.inventory !== null)) return;
        stop();
        resolve();
      };
      const stop = fleet.onChange(check);
      check();
    });
  }
}

function toInit(body: unknown, headers: Record<string, string>) {
  if (body === undefined) return { headers };
  if (typeof body === 'string') return { body, headers: { 'content-type': 'application/json', ...headers } };
  if (body instanceof FormData) return { body, headers };
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
}

function toPlain(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** The one output of a job. */
export function outputOf({ outputs }: AnswerBody): OutputBody {
  const [output] = outputs;
  if (!output || outputs.length !== 1) throw new Error(`${outputs.length} outputs, not one`);
  return output;
}

/** A red picture: no model needed. `width` makes it another picture. */
export function picture(width = 64) {
  return {
    '1': { class_type: 'EmptyImage', inputs: { width, height: 64, batch_size: 1, color: 16711680 } },
    '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'red' } },
  };
}

/** The picture after `seconds` of sleep on the worker. */
export function slowPicture(seconds: number) {
  return {
    ...picture(),
    '3': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds } },
    '2': { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: 'slow' } },
  };
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

/** A sampled picture as JSON text, so that its seed is written with exactly these digits. */
export function sampledText(seed: string, steps = 8): string {
  return `{"3":{"class_type":"KSampler","inputs":{"seed":${seed},"steps":${steps},"cfg":7.0,"sampler_name":"euler","scheduler":"normal","denoise":1,"model":["4",0],"positive":["6",0],"negative":["6",0],"latent_image":["5",0]}},"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"random-a.safetensors"}},"5":{"class_type":"EmptyLatentImage","inputs":{"width":64,"height":64,"batch_size":1}},"6":{"class_type":"CLIPTextEncode","inputs":{"text":"a cat","clip":["4",1]}},"8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},"9":{"class_type":"SaveImage","inputs":{"images":["8",0],"filename_prefix":"cat"}}}`;
}

/** A 1 × 1 PNG. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
