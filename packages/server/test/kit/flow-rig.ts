import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SubmitOptions, TaskDetail, TaskId } from '@comfleet/contract';
import { type App, openApp, openConfig, Scope, silentLogger, systemClock } from '@comfleet/server';
import { type LedgerLine, openSimulator, type Simulator, type SimulatorOptions } from '@comfleet/simulator';
import { type ReceivedResponse, readResponse, sendRequest } from '@comfleet/test-kit/server';
import { isEnd, type TaskWatch, watchFrames } from './task-watch.ts';

export interface RigOptions {
  /** Starts a simulated ComfyUI for each. */
  simulators?: SimulatorOptions[];
  /** The URL by which the fleet reaches a simulator; default: its own (for proxies). */
  url?: (simulator: Simulator) => Promise<string> | string;
  /** Additional blocks of the configuration, as in the file. */
  config?: Record<string, unknown>;
  /** The content of a configuration file, which then names the workers. */
  file?: (simulators: readonly Simulator[]) => Record<string, unknown>;
}

type ConfigStore = Awaited<ReturnType<typeof openConfig>>['store'];
type Graph = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

/**
 * The built server with SQLite in a temporary folder, and simulated workers over loopback. Not startServer(): it opens the app in
 * this process, so that tests call services, fleet and records behind the doors.
 */
export class FlowRig {
  readonly folder: string;
  readonly simulators: Simulator[];
  readonly #options: RigOptions;
  readonly #urls: string[];
  #scope: Scope | null = null;
  #app: App | null = null;
  #store: ConfigStore | null = null;

  constructor(folder: string, simulators: Simulator[], urls: string[], options: RigOptions) {
    this.folder = folder;
    this.simulators = simulators;
    this.#urls = urls;
    this.#options = options;
  }

  static async open(options: RigOptions = {}): Promise<FlowRig> {
    const folder = await mkdtemp(join(tmpdir(), 'comfleet-flow-'));
    const simulators: Simulator[] = [];
    const urls: string[] = [];
    for (const one of options.simulators ?? [{}]) {
      const simulator = await openSimulator({ stepMs: 5, models: MODELS, ...one });
      simulators.push(simulator);
      urls.push((await options.url?.(simulator)) ?? simulator.url);
    }
    const rig = new FlowRig(folder, simulators, urls, options);
    if (options.file) await rig.writeFile(options.file(simulators));
    await rig.start();
    return rig;
  }

  get app(): App {
    if (!this.#app) throw new Error('the server is not running');
    return this.#app;
  }

  get calls(): App['calls'] {
    return this.app.calls;
  }

  get actor(): App['local']['principal'] {
    return this.app.local.principal;
  }

  /** The first simulator. */
  get simulator(): Simulator {
    const [first] = this.simulators;
    if (!first) throw new Error('no simulator');
    return first;
  }

  /** Starts the server on the same data; resolves when every worker is online and its node classes are known. */
  async start(): Promise<void> {
    const scope = new Scope('test', systemClock, silentLogger);
    const workers = this.#urls.map((url, index) => ({ name: `gpu-${index + 1}`, url }));
    const { store } = await openConfig(
      {
        file: this.#options.file ? join(this.folder, 'config.yaml') : null,
        environment: {},
        cwd: this.folder,
        options: {
          data_dir: this.folder,
          server: { port: 0 },
          ...(this.#options.file ? {} : { workers }),
          ...this.#options.config,
        },
      },
      silentLogger,
    );
    const app = await openApp(scope, {
      store,
      builtInWorkflows: [],
      webRoot: null,
      environment: {},
      logger: silentLogger,
      logProblem: () => null,
      onReread: () => {},
      onStorage: () => {},
      onLost: (error) => {
        throw error;
      },
    });
    this.#scope = scope;
    this.#store = store;
    this.#app = app;
    await this.whenOnline();
  }

  /** Writes the configuration's file; JSON is YAML. */
  async writeFile(config: Record<string, unknown>): Promise<void> {
    await writeFile(join(this.folder, 'config.yaml'), JSON.stringify(config));
  }

  /** Reloads the configuration now; throws if the file is invalid. */
  async reload(): Promise<void> {
    const outcome = await this.#store?.reload();
    if (outcome?.kind === 'refused') throw outcome.error;
  }

  /** Calls a route of the running server, as the local admin unless a token is given. */
  async ask(
    method: string,
    path: string,
    { body, token = this.app.local.token }: { body?: unknown; token?: string | null } = {},
  ): Promise<ReceivedResponse> {
    const caller = { url: this.app.address, token };
    return readResponse(await sendRequest(caller, `${method} ${path}`, { body }));
  }

  /** Resolves when the fleet satisfies the condition; checks it at every change. */
  whenFleet(isReached: (fleet: App['fleet']) => boolean): Promise<void> {
    const { fleet } = this.app;
    return new Promise((resolve) => {
      const check = () => {
        if (!isReached(fleet)) return;
        stop();
        resolve();
      };
      const stop = fleet.onChange(check);
      check();
    });
  }

  /** Stops the server gracefully; prompts keep running on their workers. */
  async stop(): Promise<void> {
    await this.#scope?.close();
    this.#scope = null;
    this.#app = null;
  }

  /** Resolves when every worker is online with an inventory. */
  whenOnline(): Promise<void> {
    return this.whenFleet((fleet) =>
      fleet.list().every((worker) => worker.state === 'online' && worker.inventory !== null),
    );
  }

  async submit(graph: Graph, options: SubmitOptions = {}): Promise<TaskId> {
    const body = { kind: 'graph', graph } as const;
    const { submitted } = await this.calls.tasks.submit({ actor: this.actor, door: 'native', body, options });
    return submitted.task_id as TaskId;
  }

  load(id: string): Promise<TaskDetail> {
    return this.calls.tasks.load(this.actor, id as TaskId);
  }

  /** Resolves with the task when it has ended. */
  async ended(id: string): Promise<TaskDetail> {
    const watch = this.watch(id);
    await watch.wait(isEnd);
    watch.stop();
    return this.load(id);
  }

  async run(graph: Graph, options: SubmitOptions = {}): Promise<TaskDetail> {
    return this.ended(await this.submit(graph, options));
  }

  /** Follows a task's stream. */
  watch(id: string, after: number | null = null): TaskWatch {
    return watchFrames((signal) => this.calls.tasks.watch(this.actor, id as TaskId, after, signal));
  }

  /** Resolves when the task has an event of this type. */
  async happened(id: string, type: string): Promise<void> {
    const watch = this.watch(id, 0);
    await watch.wait((frame) => frame.kind === 'event' && frame.event.type === type);
    watch.stop();
  }

  async bytes(id: string, index = 0): Promise<Buffer> {
    const content = await this.calls.assets.openResult(this.actor, id as TaskId, index);
    const chunks: Uint8Array[] = [];
    for await (const chunk of content.open()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The first line of a worker's ledger, past or future, about the task. */
  ledger(id: string, event: LedgerLine['event'], worker = 0): Promise<LedgerLine> {
    return this.#simulatorAt(worker).ledger.waitFor((line) => line.event === event && line.task === id);
  }

  /** How often workers started to run the task. */
  executions(id: string): number {
    return this.simulators.flatMap((one) =>
      one.ledger.lines().filter((line) => line.event === 'execution_start' && line.task === id),
    ).length;
  }

  #simulatorAt(index: number): Simulator {
    const simulator = this.simulators[index];
    if (!simulator) throw new Error(`no simulator ${index}`);
    return simulator;
  }

  async close(): Promise<void> {
    await this.stop();
    for (const simulator of this.simulators) await simulator.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const MODELS = [
  { name: 'random-a.safetensors', loadMs: 5, vramMegabytes: 100 },
  { name: 'random-b.safetensors', loadMs: 5, vramMegabytes: 100 },
];

let color = 0;

/** EmptyImage → SaveImage, each time in another colour. */
export function pictureGraph(prefix = 'picture'): Graph {
  color += 1;
  return {
    '1': { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color } },
    '2': { class_type: 'SaveImage', inputs: { filename_prefix: prefix, images: ['1', 0] } },
  };
}

/** A second output for any graph; only the worker knows that it lacks the file. */
export const UNKNOWN_FILE: Graph = {
  '8': { class_type: 'LoadImage', inputs: { image: 'absent.png' } },
  '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'absent', images: ['8', 0] } },
};

/** EmptyImage → TestSleep → SaveImage. */
export function sleepGraph(seconds: number): Graph {
  color += 1;
  return {
    '1': { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color } },
    '2': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds } },
    '3': { class_type: 'SaveImage', inputs: { filename_prefix: 'sleep', images: ['2', 0] } },
  };
}

/** A typical graph: a checkpoint, two prompts and a sampler. */
export function samplerGraph(steps: number): Graph {
  color += 1;
  return {
    '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'random-a.safetensors' } },
    '2': { class_type: 'CLIPTextEncode', inputs: { text: `a cat ${color}`, clip: ['1', 1] } },
    '3': { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    '4': {
      class_type: 'KSampler',
      inputs: {
        seed: color,
        steps,
        cfg: 8,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
        model: ['1', 0],
        positive: ['2', 0],
        negative: ['2', 0],
        latent_image: ['3', 0],
      },
    },
    '5': { class_type: 'VAEDecode', inputs: { samples: ['4', 0], vae: ['1', 2] } },
    '6': { class_type: 'SaveImage', inputs: { filename_prefix: 'sampled', images: ['5', 0] } },
  };
}
