import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startUp } from '@comfleet/server';
import { DEFAULT_MODELS, openSimulator, type Simulator, type SimulatorOptions } from '@comfleet/simulator';
import { ApiDocument } from '../api-document.ts';
import { followPath, type SseFrame } from './event-frames.ts';
import {
  type Caller,
  type Client,
  demand,
  type Json,
  type Parts,
  type ReceivedResponse,
  readResponse,
  registerClient,
  sendRequest,
} from './requests.ts';

export interface ServerOptions {
  /** Where its folder is created; default: the system's temporary folder. */
  parent?: string;
  /** Creates the empty database of the server, dropped at close; default: SQLite in its data folder. */
  database?: { create(): Promise<FreshDatabase> };
  /** One entry per simulated ComfyUI, whose models load at once; default: two. */
  simulators?: readonly SimulatorOptions[];
  /** Settings of each simulated worker in the file, besides name and url. */
  worker?: Json;
  /** Further blocks of the configuration file, or replacements for `server`, `database` and `workers`. */
  config?: Json;
  /** A ComfyUI installation that it starts itself, as with `--comfyui`. */
  comfyui?: { folder: string; args: readonly string[] };
  /** Its whole environment; default: empty. */
  environment?: NodeJS.ProcessEnv;
}

interface FreshDatabase {
  readonly config: object;
  drop(): Promise<void>;
}

const QUICK_MODELS = DEFAULT_MODELS.map((model) => ({ ...model, loadMs: 0 }));

/**
 * Starts the built server as `comfleet serve` does, in this process, on a port chosen by the kernel: with its own folder for data
 * and configuration, a database, and simulated workers `gpu-1`, `gpu-2` …, which need not be online yet. Throws with its output
 * if it does not start.
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const folder = await mkdtemp(join(options.parent ?? tmpdir(), 'comfleet-server-'));
  const simulators: Simulator[] = [];
  for (const one of options.simulators ?? [{}, {}])
    simulators.push(await openSimulator({ stepMs: 1, models: QUICK_MODELS, ...one }));
  const database = (await options.database?.create()) ?? null;
  const server = new RunningServer(options, { folder, simulators, database });
  try {
    await server.writeConfig(server.describe(options.config, options.worker));
    await server.start();
  } catch (thrown) {
    await server.close();
    throw thrown;
  }
  return server;
}

/** A server started for a test, with shortcuts for calls of its HTTP API. */
export class RunningServer {
  readonly folder: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly simulators: readonly Simulator[];
  /** Its output on the terminal. */
  readonly lines: string[] = [];
  /** Its address. */
  url = '';
  /** Bearer token of the local credential, an admin. */
  token = '';
  readonly #options: ServerOptions;
  readonly #database: FreshDatabase | null;
  #stop = new AbortController();
  #document: ApiDocument | null = null;
  #ended: Promise<number> = Promise.resolve(0);

  constructor(
    options: ServerOptions,
    parts: { folder: string; simulators: readonly Simulator[]; database: FreshDatabase | null },
  ) {
    this.folder = parts.folder;
    this.dataDir = join(parts.folder, 'data');
    this.configFile = join(parts.folder, 'config.yaml');
    this.simulators = parts.simulators;
    this.#database = parts.database;
    this.#options = options;
  }

  /** The configuration as an object: this database, these simulators, and the given blocks. */
  describe(config: Json = {}, worker: Json = {}): Json {
    const workers = this.simulators.map(({ url }, index) => ({ name: `gpu-${index + 1}`, url, ...worker }));
    const database = this.#database ? { database: this.#database.config } : {};
    return { server: { port: 0 }, ...database, workers, ...config };
  }

  /** Writes the configuration file; an object becomes JSON, which is YAML. */
  async writeConfig(config: object | string, file = this.configFile): Promise<void> {
    await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config, null, 2));
  }

  /** Starts it, or restarts it on the same data; resolves once it has printed its sign-in link. */
  async start(): Promise<void> {
    const { comfyui, environment = {} } = this.#options;
    this.#stop = new AbortController();
    const started = new Promise<void>((resolve) => {
      this.#ended = startUp({
        dataDir: this.dataDir,
        config: this.configFile,
        workers: [],
        ...(comfyui && { comfyuiDir: comfyui.folder, comfyuiArgs: comfyui.args }),
        language: 'en',
        environment,
        signal: this.#stop.signal,
        print: (line) => {
          this.lines.push(line);
          if (line.includes('/client#code=')) resolve();
        },
      });
    });
    const ended = this.#ended.then((code) => {
      throw new Error(`the server ended with ${code}:\n${this.lines.join('\n')}`);
    });
    await Promise.race([started, ended]);
    const credential = JSON.parse(await readFile(join(this.dataDir, 'credential.json'), 'utf8'));
    this.url = credential.url;
    this.token = credential.token;
  }

  /** Stops it as Ctrl-C does; returns its exit code. */
  stop(): Promise<number> {
    this.#stop.abort();
    return this.#ended;
  }

  async restart(): Promise<void> {
    const code = await this.stop();
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${this.lines.join('\n')}`);
    await this.start();
  }

  /** Stops it and removes everything that was created for it. */
  async close(): Promise<void> {
    await this.stop();
    for (const simulator of this.simulators) await simulator.close();
    await this.#database?.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Sends `METHOD path` with a bearer token (null: none). Throws if the response is not in the server's API document. */
  async ask(token: string | null, request: string, parts: Parts = {}): Promise<ReceivedResponse> {
    this.#document ??= new ApiDocument(await demand(this.#as(null), 'GET /openapi.json'));
    const response = await readResponse(await sendRequest(this.#as(token), request, parts));
    const { status, text } = response;
    this.#document.check(request, { status, text, contentType: response.headers.get('content-type') });
    return response;
  }

  /** Registers a client with these grants and signs it in, over HTTP. */
  register(name: string, grants: readonly string[] = []): Promise<Client> {
    return registerClient(this, name, grants);
  }

  /** Submits to a route and returns the new task's id. */
  async submit(token: string, body: unknown, route = '/api/v2/tasks'): Promise<string> {
    return (await demand(this.#as(token), `POST ${route}`, { status: 201, body })).task_id;
  }

  /** Follows a task to its end by SSE; returns its full record. */
  async finish(token: string, id: string): Promise<Json> {
    await this.follow(token, `/api/v2/tasks/${id}/events`);
    return (await this.ask(token, `GET /api/v2/tasks/${id}`)).json;
  }

  /** Submits, follows to the end, and returns the full record. */
  async run(token: string, body: unknown, route = '/api/v2/tasks'): Promise<Json> {
    return this.finish(token, await this.submit(token, body, route));
  }

  /** Collects frames of an event stream until `isWanted` or, without it, until the server ends the stream. */
  async follow(
    token: string,
    path: string,
    isWanted: (frame: SseFrame) => boolean = () => false,
    headers: Record<string, string> = {},
  ): Promise<SseFrame[]> {
    const frames: SseFrame[] = [];
    for await (const frame of followPath(this.#as(token), path, headers)) {
      frames.push(frame);
      if (isWanted(frame)) break;
    }
    return frames;
  }

  /** Resolves when every worker was checked and its inventory is loaded. */
  async whenOnline(): Promise<void> {
    for (const id of await this.#listWorkers()) {
      await demand(this, `POST /api/fleet/workers/${id}/check`);
      await demand(this, `POST /api/fleet/workers/${id}/inventory`);
    }
  }

  /** Sets maintenance of all workers: while on, none accepts new tasks. */
  async setMaintenance(on: boolean): Promise<void> {
    for (const id of await this.#listWorkers())
      await demand(this, `POST /api/fleet/workers/${id}/maintenance`, { body: { on } });
  }

  /** Loads the graph that a worker executed for a prompt, also as text, with the exact numbers. */
  async loadExecuted(promptId: string): Promise<{ text: string; graph: Json }> {
    for (const { url } of this.simulators) {
      const text = await (await fetch(`${url}/history/${promptId}`)).text();
      const entry = JSON.parse(text)[promptId];
      if (entry) return { text, graph: entry.prompt[2] };
    }
    throw new Error(`no worker knows ${promptId}`);
  }

  async #listWorkers(): Promise<string[]> {
    const { workers } = await demand(this, 'GET /api/fleet/workers');
    return workers.map((worker: Json) => worker.worker_id);
  }

  #as(token: string | null): Caller {
    return { url: this.url, token };
  }
}
