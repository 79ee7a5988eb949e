import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startUp } from '@comfleet/server';
import { DEFAULT_MODELS, openSimulator, type Simulator, type SimulatorOptions } from '@comfleet/simulator';
import { expect, vi } from 'vitest';
import { stringify } from 'yaml';
import type { FreshDatabase, TestDatabase } from '../services/databases.ts';
import { readFrames, type SseFrame } from './sse.ts';

/** What an answer says; the tests state what it must be. */
type Json = Record<string, ReturnType<typeof JSON.parse>>;

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** The JSON body; empty for other bodies. */
  json: Json;
}

export interface Parts {
  /** Sent as it stands when it is text or a form; anything else becomes JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Client {
  id: string;
  secret: string;
  token: string;
}

export interface RigOptions {
  /** Blocks of the configuration file beside `server`, `database` and `workers`. */
  config?: Json;
  simulators?: readonly SimulatorOptions[];
  /** For each worker, what stands in the file beside name and url. */
  worker?: Json;
  environment?: Record<string, string>;
}

const QUICK_MODELS = DEFAULT_MODELS.map((model) => ({ ...model, loadMs: 0 }));

/** The built server as `comfleet serve` starts it, on one database, with its file in a temporary folder. */
export class ServerRig {
  readonly folder: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly simulators: readonly Simulator[];
  /** What a person would see. */
  readonly lines: string[] = [];
  /** The address of the running server. */
  url = '';
  /** Bearer of the local credential. */
  token = '';
  readonly #database: FreshDatabase;
  readonly #environment: Record<string, string>;
  #stop = new AbortController();
  #ended: Promise<number> = Promise.resolve(0);

  private constructor(
    folder: string,
    parts: { simulators: Simulator[]; database: FreshDatabase; environment: Record<string, string> },
  ) {
    this.folder = folder;
    this.dataDir = join(folder, 'data');
    this.configFile = join(folder, 'config.yaml');
    this.simulators = parts.simulators;
    this.#database = parts.database;
    this.#environment = parts.environment;
  }

  static async open(database: TestDatabase, options: RigOptions = {}): Promise<ServerRig> {
    const folder = await mkdtemp(join(tmpdir(), 'comfleet-native-'));
    const simulators: Simulator[] = [];
    for (const one of options.simulators ?? [{}, {}])
      simulators.push(await openSimulator({ stepMs: 1, models: QUICK_MODELS, ...one }));
    const fresh = await database.create();
    const environment = options.environment ?? {};
    const rig = new ServerRig(folder, { simulators, database: fresh, environment });
    await rig.writeConfig(rig.describe(options.config, options.worker));
    await rig.start();
    return rig;
  }

  /** The configuration as an object: this database, these simulators, and whatever else is asked for. */
  describe(config: Json = {}, worker: Json = {}): Json {
    const workers = this.simulators.map(({ url }, index) => ({ name: `gpu-${index + 1}`, url, ...worker }));
    return { server: { port: 0 }, database: this.#database.config, workers, ...config };
  }

  async writeConfig(config: object | string, file = this.configFile): Promise<void> {
    await writeFile(file, typeof config === 'string' ? config : stringify(config));
  }

  async start(): Promise<void> {
    this.#stop = new AbortController();
    const started = new Promise<void>((resolve) => {
      this.#ended = startUp({
        dataDir: this.dataDir,
        config: this.configFile,
        workers: [],
        language: 'en',
        environment: this.#environment,
        signal: this.#stop.signal,
        print: (line) => {
          this.lines.push(line);
          if (line.includes('/client#code=')) resolve();
        },
      });
    });
    await Promise.race([
      started,
      this.#ended.then((code) => {
        throw new Error(`the server ended with ${code}:\n${this.lines.join('\n')}`);
      }),
    ]);
    const credential = JSON.parse(await readFile(join(this.dataDir, 'credential.json'), 'utf8'));
    this.url = credential.url;
    this.token = credential.token;
  }

  /** Stops the server as Ctrl-C does; answers its exit code. */
  stop(): Promise<number> {
    this.#stop.abort();
    return this.#ended;
  }

  async restart(): Promise<void> {
    expect(await this.stop()).toBe(0);
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    for (const simulator of this.simulators) await simulator.close();
    await this.#database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Sends `METHOD path` with a bearer (null: none). */
  async ask(token: string | null, request: string, parts: Parts = {}): Promise<Answer> {
    const [method = '', path = ''] = request.split(' ');
    const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...parts.headers };
    return toAnswer(await fetch(this.url + path, { method, ...toInit(parts.body, headers) }));
  }

  /** A client of its own, registered, granted and signed in over HTTP. */
  async register(name: string, grants: readonly string[] = []): Promise<Client> {
    const made = await this.ask(this.token, 'POST /api/v2/auth/register', { body: { client_name: name } });
    expect(made.status, made.text).toBe(201);
    const { client_id: id, client_secret: secret } = made.json;
    const granted = await this.ask(this.token, `POST /api/v2/admin/clients/${id}/grants`, {
      body: { grants },
    });
    expect(granted.status, granted.text).toBe(200);
    const signedIn = await this.ask(null, 'POST /api/v2/auth/token', {
      body: { client_id: id, client_secret: secret },
    });
    return { id, secret, token: signedIn.json.access_token };
  }

  /** Submits to a route and answers the new task's id. */
  async submit(token: string, body: unknown, route = '/api/v2/tasks'): Promise<string> {
    const answer = await this.ask(token, `POST ${route}`, { body });
    expect(answer.status, answer.text).toBe(201);
    return answer.json.task_id;
  }

  /** Follows a task to its end by SSE; answers its full record. */
  async finish(token: string, id: string): Promise<Json> {
    await this.follow(token, `/api/v2/tasks/${id}/events`);
    return (await this.ask(token, `GET /api/v2/tasks/${id}`)).json;
  }

  /** Submits, follows to the end, and answers the full record. */
  async run(token: string, body: unknown, route = '/api/v2/tasks'): Promise<Json> {
    return this.finish(token, await this.submit(token, body, route));
  }

  /** Frames of an event stream until `isWanted` or, without it, until the server ends the stream. */
  async follow(
    token: string,
    path: string,
    isWanted: (frame: SseFrame) => boolean = () => false,
    headers: Record<string, string> = {},
  ): Promise<SseFrame[]> {
    const stop = new AbortController();
    const answer = await fetch(this.url + path, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: stop.signal,
    });
    expect(answer.status).toBe(200);
    const frames: SseFrame[] = [];
    for await (const frame of readFrames(answer)) {
      frames.push(frame);
      if (isWanted(frame)) break;
    }
    stop.abort();
    return frames;
  }

  /** No worker takes new tasks while this is on. */
  async setMaintenance(on: boolean): Promise<void> {
    const { workers } = (await this.ask(this.token, 'GET /api/fleet/workers')).json;
    for (const { worker_id: id } of workers) {
      const answer = await this.ask(this.token, `POST /api/fleet/workers/${id}/maintenance`, {
        body: { on },
      });
      expect(answer.status, answer.text).toBe(200);
    }
  }

  /** The name of the file in a folder, once there is one: readable copies come after the result. */
  async waitForFile(folder: string, wanted: RegExp): Promise<string> {
    const find = async () => (await readdir(folder).catch(() => [])).find((name) => wanted.test(name));
    return vi.waitFor(
      async () => {
        const name = await find();
        if (name === undefined) throw new Error(`no file like ${wanted} in ${folder}`);
        return name;
      },
      { timeout: 5000, interval: 20 },
    );
  }

  /** Paths below a folder whose name has `part` in it, once there is one. */
  async listFiles(folder: string, part: string): Promise<string[]> {
    return vi.waitFor(
      async () => {
        const all = await readdir(folder, { recursive: true });
        const found = all.filter((path) => path.includes(part));
        if (found.length === 0) throw new Error(`no file with ${part} below ${folder}`);
        return found;
      },
      { timeout: 5000, interval: 20 },
    );
  }

  /** The graph that a worker executed for a prompt, as text: its numbers are those that arrived. */
  async loadExecuted(promptId: string): Promise<{ text: string; graph: Json }> {
    for (const { url } of this.simulators) {
      const text = await (await fetch(`${url}/history/${promptId}`)).text();
      const entry = JSON.parse(text)[promptId];
      if (entry) return { text, graph: entry.prompt[2] };
    }
    throw new Error(`no worker knows ${promptId}`);
  }
}

async function toAnswer(answer: Response): Promise<Answer> {
  const bytes = Buffer.from(await answer.arrayBuffer());
  const text = bytes.toString('utf8');
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') && text !== '';
  return {
    status: answer.status,
    headers: answer.headers,
    bytes,
    text,
    json: isJson ? JSON.parse(text) : {},
  };
}

function toInit(body: unknown, headers: Record<string, string>) {
  if (body === undefined) return { headers };
  if (body instanceof FormData) return { body, headers };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { body: text, headers: { 'content-type': 'application/json', ...headers } };
}
