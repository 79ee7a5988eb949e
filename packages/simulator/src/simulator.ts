import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, Server } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { PromptWorker } from './execution/prompt-worker.ts';
import { type ControlServer, openControlServer } from './faults/control-server.ts';
import { createFaultActions } from './faults/fault-actions.ts';
import type { FaultName } from './faults/fault-names.ts';
import { type ArmedFault, FaultScript, type FaultSpec, readNumber, readText } from './faults/fault-script.ts';
import { createDiskStore, createMemoryStore, type FileStore } from './files/file-store.ts';
import { createHttpServer } from './http/http-server.ts';
import { describeFeatures } from './http/info-routes.ts';
import { isOriginAllowed } from './http/origin.ts';
import type { ServerState } from './http/server-state.ts';
import { FrameEncoder } from './images/frame.ts';
import { writeString } from './json/lossless-json.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { ModelMemory } from './models/model-memory.ts';
import { Catalog } from './nodes/catalog.ts';
import { type CompiledOptions, compileOptions, type SimulatorOptions } from './options.ts';
import { createRandom } from './platform/clock.ts';
import { History } from './queue/history.ts';
import { PromptQueue } from './queue/prompt-queue.ts';
import { SocketHub, writeMessage } from './socket/socket-hub.ts';

/** Sets, clears and lists faults of one simulator. */
export interface FaultControl {
  /** Returns the fault's id. */
  set(fault: FaultSpec): number;
  clear(which?: FaultName | number): void;
  list(): readonly ArmedFault[];
}

/** A running simulated ComfyUI server. */
export interface Simulator {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Address of the control listener, when `controlPort` was given. */
  readonly controlUrl: string | undefined;
  readonly control: FaultControl;
  readonly ledger: Ledger;
  readonly files: FileStore;
  /** Closes everything; safe to call twice. */
  close(): Promise<void>;
}

const LOG_LINES = 300;
const CLOSE_RESTART = 1012;

/** Opens a simulated server. Rejects with EADDRINUSE when the port is taken. */
export async function openSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const compiled = compileOptions(options);
  const core = new SimulatorCore(compiled, options);
  await core.listen(compiled.port);
  let controlServer: ControlServer | undefined;
  try {
    if (options.controlPort !== undefined) {
      controlServer = await openControlServer(core.faults, core.ledger, {
        host: compiled.host,
        port: options.controlPort,
      });
    }
  } catch (error) {
    await core.close();
    throw error;
  }
  core.ledger.append('started', { port: core.port });
  let closing: Promise<void> | undefined;
  return {
    url: `http://${formatHost(compiled.host)}:${core.port}`,
    host: compiled.host,
    port: core.port,
    controlUrl: controlServer?.url,
    control: {
      set: (fault) => core.faults.set(fault),
      clear: (which) => core.faults.clear(which),
      list: () => core.faults.list(),
    },
    ledger: core.ledger,
    files: core.files,
    close() {
      closing ??= core.close().then(() => controlServer?.close());
      return closing;
    },
  };
}

function formatHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** The parts of one server and the wiring between them. */
class SimulatorCore {
  readonly faults: FaultScript;
  readonly ledger: Ledger;
  readonly files: FileStore;
  port = 0;
  private readonly options: CompiledOptions;
  private readonly hub: SocketHub;
  private readonly worker: PromptWorker;
  private readonly state: ServerState;
  private readonly webSockets: WebSocketServer;
  private readonly connections = new Set<Socket>();
  private server: Server;
  private isClosed = false;
  private counter = 0;

  constructor(options: CompiledOptions, asked: SimulatorOptions) {
    const logLines: string[] = [];
    this.options = {
      ...options,
      log: (line) => {
        logLines.push(line);
        if (logLines.length > LOG_LINES) logLines.splice(0, logLines.length - LOG_LINES);
        options.log(line);
      },
    };
    this.faults = new FaultScript(options.clock);
    this.ledger = openLedger(options.clock, asked.ledgerPath);
    this.files = openFiles(options, asked);
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
      logLines,
      takeNumber: () => {
        const taken = this.counter;
        this.counter += 1;
        return taken;
      },
      nextPromptId: () => randomUUID(),
    };
    this.webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: 4 * 1024 * 1024,
      perMessageDeflate: false,
    });
    this.server = this.createServer();
    const actions = createFaultActions({
      state: this.state,
      restart: (spec) => this.restart(spec),
      crash: (spec) => this.crash(spec, asked.onCrash),
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
    this.webSockets.close();
    this.ledger.close();
  }

  private createServer(): Server {
    const server = createHttpServer(this.state);
    server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => this.connections.delete(socket));
    });
    server.on('upgrade', (request, duplex, head) => {
      const [path = '', search = ''] = (request.url ?? '').split('?');
      duplex.on('error', () => undefined); // a reset socket is closed by node itself
      const refusal = this.refuseUpgrade(path, request.headers);
      if (refusal !== undefined) {
        duplex.end(
          refusal === 0
            ? undefined
            : `HTTP/1.1 ${refusal} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        return;
      }
      this.webSockets.handleUpgrade(request, duplex, head, (socket) => {
        if (!(duplex instanceof Socket)) return socket.terminate();
        const clientId = new URLSearchParams(search).get('clientId') ?? '';
        this.hub.accept(socket, duplex, clientId, (peer) => {
          if (this.options.version !== 'old')
            this.hub.sendDirect(peer, writeMessage('feature_flags', describeFeatures(this.state)));
        });
        this.greet(clientId);
      });
    });
    return server;
  }

  /** Status code of a refused upgrade, 0 for a bare close; undefined when it is allowed. */
  private refuseUpgrade(path: string, headers: IncomingHttpHeaders): number | undefined {
    if (path !== '/ws' && path !== '/api/ws') return 404;
    if (this.options.corsOrigin === undefined && !isOriginAllowed(headers)) return 403;
    const refused = this.faults.take('ws_refuse');
    return refused === undefined
      ? undefined
      : readNumber(refused, 'status', readText(refused, 'kind', '') === 'close' ? 0 : 500);
  }

  private greet(clientId: string): void {
    const peer = this.hub.peers().at(-1);
    if (peer === undefined) return;
    const status = `{"status": ${this.queueInfo()}, "sid": ${writeString(peer.sid)}}`;
    this.hub.sendDirect(peer, writeMessage('status', status));
    const node = clientId === '' ? undefined : this.worker.currentNodeOf(clientId);
    if (node !== undefined)
      this.hub.sendDirect(peer, writeMessage('executing', `{"node": ${writeString(node)}}`));
  }

  private announceQueue(): void {
    this.hub.send({
      type: 'status',
      data: writeMessage('status', `{"status": ${this.queueInfo()}}`),
      target: undefined,
    });
  }

  private queueInfo(): string {
    return `{"exec_info": {"queue_remaining": ${this.state.queue.remaining()}}}`;
  }

  /** The process starts anew on the same port: queue, history, caches and sockets are gone. */
  private restart(spec: FaultSpec): void {
    this.worker.restart();
    this.state.queue.forgetAll();
    this.state.history.clear();
    this.counter = 0;
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

function openFiles(options: CompiledOptions, asked: SimulatorOptions): FileStore {
  const { baseDirectory } = asked;
  const output =
    asked.outputDirectory ?? (baseDirectory === undefined ? undefined : join(baseDirectory, 'output'));
  if (output === undefined) return createMemoryStore(options.clock);
  const beside = (name: string): string =>
    baseDirectory === undefined ? join(output, '..', name) : join(baseDirectory, name);
  return createDiskStore({
    output,
    input: asked.inputDirectory ?? beside('input'),
    temp: asked.tempDirectory === undefined ? beside('temp') : join(asked.tempDirectory, 'temp'),
  });
}
