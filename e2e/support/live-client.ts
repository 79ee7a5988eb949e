import { WebSocket } from 'ws';

/** What an answer says; the tests state what it must be. */
type Json = Record<string, ReturnType<typeof JSON.parse>>;

/** One window: a live socket that keeps everything it was told. */
export class LiveClient {
  readonly messages: Json[] = [];
  /** The close code, once the server or the window has closed. */
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

  /** The first message, past or future, that is wanted. */
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

  /** Frames of one kind, in the order they came. */
  frames(kind: string): Json[] {
    return this.messages.flatMap((message) => (message.frame?.kind === kind ? [message.frame] : []));
  }

  close(): void {
    this.#socket.close();
  }
}

/** The event with which a task has ended. */
export function isEnd(message: Json): boolean {
  return /^task\.(succeeded|failed|canceled|expired)$/.test(message.frame?.event?.type ?? '');
}
