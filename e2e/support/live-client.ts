import { WebSocket } from 'ws';

/** A JSON response of any shape; the tests check it. */
type Json = Record<string, ReturnType<typeof JSON.parse>>;

/** A live socket, like that of one browser window, that keeps every message. */
export class LiveClient {
  readonly messages: Json[] = [];
  /** Resolves with the close code when either side closes. */
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #waiters = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      for (const waiter of [...this.#waiters]) waiter();
    });
  }

  /** Connects and signs in. */
  static async open(url: string, token: string): Promise<LiveClient> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v2/live`);
    const client = new LiveClient(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    client.send({ type: 'auth', token });
    await client.waitFor((message) => message.type === 'ready' || message.type === 'error');
    return client;
  }

  send(message: Json | string): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Resolves with the first matching message, past or future. */
  waitFor(isWanted: (message: Json) => boolean): Promise<Json> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.messages.find(isWanted);
        if (!found) return;
        this.#waiters.delete(look);
        resolve(found);
      };
      this.#waiters.add(look);
      look();
    });
  }

  /** Frames of one kind, in order. */
  frames(kind: string): Json[] {
    return this.messages.flatMap((message) => (message.frame?.kind === kind ? [message.frame] : []));
  }

  close(): void {
    this.#socket.close();
  }
}

/** Whether a message is the terminal event of a task. */
export function isEnd(message: Json): boolean {
  return /^task\.(succeeded|failed|canceled|expired)$/.test(message.frame?.event?.type ?? '');
}
