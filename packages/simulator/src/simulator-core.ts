import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { PromptWorker } from './execution/prompt-worker.ts';
import { createFaultActions } from './faults/fault-actions.ts';
import { FaultScript, type FaultSpec, readNumber } from './faults/fault-script.ts';
import { createDiskStore, createMemoryStore, type FileStore } from './files/file-store.ts';
import { createHttpServer } from './http/http-server.ts';
import type { ServerState } from './http/server-state.ts';
import { FrameEncoder } from './images/frame.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { ProcessLog } from './log-lines.ts';
import { ModelMemory } from './models/model-memory.ts';
import { Catalog } from './nodes/catalog.ts';
import type { CompiledOptions, SimulatorOptions } from './options.ts';
import { createRandom } from './platform/clock.ts';
import { History } from './queue/history.ts';
import { PromptQueue } from './queue/prompt-queue.ts';
import { SocketHub, writeMessage } from './socket/socket-hub.ts';
import { Upgrades, writeQueueInfo } from './socket/upgrades.ts';

const CLOSE_RESTART = 1012;

/** The parts of one server and how they are connected. */
export class SimulatorCore {
  readonly faults: FaultScript;
  readonly ledger: Ledger;
  readonly files: FileStore;
  port = 0;
  private readonly options: CompiledOptions;
  private readonly hub: SocketHub;
  private readonly worker: PromptWorker;
  private readonly state: ServerState;
  private readonly upgrades: Upgrades;
  private readonly log: ProcessLog;
  private readonly connections = new Set<Socket>();
  private server: Server;
  private isClosed = false;
  private counter = 0;

  constructor(options: CompiledOptions, given: SimulatorOptions) {
    const log = new ProcessLog(options);
    this.log = log;
    this.options = { ...options, log: (text) => options.log(log.write(text)) };
    this.faults = new FaultScript(options.clock);
    this.ledger = openLedger(options.clock, given.ledgerPath);
    this.files = openFiles(options, given);
    this.hub = new SocketHub({ faults: this.faults, ledger: this.ledger, clock: options.clock });
    const random = createRandom(options.seed);
    const shared = {
      options: this.options,
      catalog: new Catalog(options, this.files),
      files: this.files,
      hub: this.hub,
      queue: new PromptQueue(),
      history: new History(),
      models: new ModelMemory(Math.floor(options.vramTotal / 1024 / 1024)),
      faults: this.faults,
      ledger: this.ledger,
      announceQueue: () => this.announceQueue(),
    };
    this.worker = new PromptWorker({ ...shared, encoder: new FrameEncoder(), random });
    this.state = {
      ...shared,
      worker: this.worker,
      userFiles: new Map(),
      settings: new Map(),
      logLines: log.entries,
      takeNumber: () => {
        const taken = this.counter;
        this.counter += 1;
        return taken;
      },
      nextPromptId: () => randomUUID(),
    };
    this.upgrades = new Upgrades(this.state);
    this.server = this.createServer();
    const actions = createFaultActions({
      state: this.state,
      restart: (spec) => this.restart(spec),
      crash: (spec) => this.crash(spec, given.onCrash),
    });
    this.faults.connect(actions, (spec) =>
      this.ledger.append('fault', { name: spec.name, moment: spec.moment }),
    );
  }

  async listen(port: number): Promise<void> {
    const { server } = this;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.options.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address() as AddressInfo | null;
    this.port = address?.port ?? port;
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.worker.die();
    this.faults.clear();
    this.ledger.append('stopped');
    await this.stopListening();
    this.upgrades.close();
    this.ledger.close();
  }

  private createServer(): Server {
    const server = createHttpServer(this.state);
    server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => this.connections.delete(socket));
    });
    this.upgrades.attach(server);
    return server;
  }

  private announceQueue(): void {
    this.hub.send({
      type: 'status',
      data: writeMessage('status', `{"status": ${writeQueueInfo(this.state.queue.remaining())}}`),
      target: undefined,
    });
  }

  /** The process restarts on the same port: queue, history, caches and sockets are gone. */
  private restart(spec: FaultSpec): void {
    this.worker.restart();
    this.state.queue.forgetAll();
    this.state.history.clear();
    this.counter = 0;
    this.log.begin();
    for (const peer of this.hub.peers()) peer.socket.close(CLOSE_RESTART);
    this.files.clear('temp');
    void this.stopListening().then(async () => {
      await this.options.clock.sleep(readNumber(spec, 'down_ms', 0));
      if (this.isClosed) return;
      this.server = this.createServer();
      await this.listen(this.port);
      this.ledger.append('started', { port: this.port, restarted: true });
    });
  }

  private crash(spec: FaultSpec, onCrash: SimulatorOptions['onCrash']): void {
    const signal = spec.signal;
    const how = {
      exitCode: readNumber(spec, 'exit_code', 1),
      ...(typeof signal === 'string' ? { signal } : {}),
    };
    if (onCrash !== undefined) {
      onCrash(how);
      return;
    }
    this.worker.die();
    void this.stopListening();
  }

  private async stopListening(): Promise<void> {
    const { server } = this;
    const closed = server.listening
      ? new Promise<void>((resolve) => server.close(() => resolve()))
      : Promise.resolve();
    for (const socket of this.connections) socket.destroy();
    await closed;
  }
}

function openFiles(options: CompiledOptions, given: SimulatorOptions): FileStore {
  const { baseDirectory } = given;
  const output =
    given.outputDirectory ?? (baseDirectory === undefined ? undefined : join(baseDirectory, 'output'));
  if (output === undefined) return createMemoryStore(options.clock);
  const inBase = (name: string): string =>
    baseDirectory === undefined ? join(output, '..', name) : join(baseDirectory, name);
  return createDiskStore({
    output,
    input: given.inputDirectory ?? inBase('input'),
    temp: given.tempDirectory === undefined ? inBase('temp') : join(given.tempDirectory, 'temp'),
  });
}
