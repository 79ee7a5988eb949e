import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { Simulator, SimulatorOptions } from '@comfleet/simulator';
import { openSimulator } from '@comfleet/simulator';
import { WebSocket } from 'ws';

export interface ReceivedMessage {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly bytes: number;
}

/** A simulator and a client of it, closed together. */
export class SimClient {
  readonly simulator: Simulator;
  readonly clientId = randomUUID();
  readonly received: ReceivedMessage[] = [];
  readonly badFrames: string[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly sockets: WebSocket[] = [];
  constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  static async open(options: SimulatorOptions = {}): Promise<SimClient> {
    const client = new SimClient(await openSimulator({ stepMs: 5, ...options }));
    await client.connect();
    return client;
  }

  async connect(): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.simulator.port}/ws?clientId=${this.clientId}`);
    this.sockets.push(socket);
    socket.on('message', (data, isBinary) =>
      this.record(Buffer.isBuffer(data) ? data : Buffer.alloc(0), isBinary),
    );
    socket.on('close', () => this.push({ type: 'close', data: {}, bytes: 0 }));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    return socket;
  }

  /** Resolves with the first matching frame, past or future. */
  waitForMessage(fits: (message: ReceivedMessage) => boolean): Promise<ReceivedMessage> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.received.find(fits);
        if (found === undefined) return;
        this.listeners.delete(check);
        resolve(found);
      };
      this.listeners.add(check);
      check();
    });
  }

  waitForEnd(promptId: string): Promise<ReceivedMessage> {
    return this.waitForMessage(
      (message) =>
        message.type === 'executing' && message.data.node === null && message.data.prompt_id === promptId,
    );
  }

  types(): string[] {
    return this.received.map((message) => message.type);
  }

  async post(
    prompt: unknown,
    more: Record<string, unknown> = {},
  ): Promise<{ id: string; status: number; body: Record<string, unknown> }> {
    const id = randomUUID();
    const sent = { prompt, client_id: this.clientId, prompt_id: id, ...more };
    const { status, text } = await this.send('POST', '/prompt', JSON.stringify(sent));
    return { id, status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }

  load(path: string): Promise<{ status: number; text: string }> {
    return this.send('GET', path);
  }

  /** A request on its own connection. */
  private send(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.simulator.url + path, { method, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** Posts a prompt and waits until the simulator's ledger has its end. */
  async run(prompt: unknown): Promise<string> {
    const { id } = await this.post(prompt);
    await this.ended(id);
    return id;
  }

  async ended(id: string): Promise<void> {
    await this.simulator.ledger.waitFor((line) => line.event === 'execution_end' && line.prompt_id === id);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await this.simulator.close();
  }

  private record(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.push({ type: `binary ${data.readUInt32BE(0)}`, data: {}, bytes: data.length });
      return;
    }
    try {
      const message = JSON.parse(data.toString()) as { type: string; data: Record<string, unknown> };
      this.push({ ...message, bytes: data.length });
    } catch {
      this.badFrames.push(data.toString());
      this.push({ type: 'bad frame', data: {}, bytes: data.length });
    }
  }

  private push(message: ReceivedMessage): void {
    this.received.push(message);
    for (const listener of [...this.listeners]) listener();
  }
}

let color = 0;

/** EmptyImage → SaveImage, each time with another colour. */
export function pictureGraph(): Record<string, unknown> {
  color += 1;
  return {
    '1': { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color } },
    '2': { class_type: 'SaveImage', inputs: { filename_prefix: `f${color}`, images: ['1', 0] } },
  };
}

/** EmptyImage → TestSleep → SaveImage. */
export function sleepGraph(seconds: number): Record<string, unknown> {
  color += 1;
  return {
    '1': { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color } },
    '2': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds } },
    '3': { class_type: 'SaveImage', inputs: { filename_prefix: `s${color}`, images: ['2', 0] } },
  };
}
