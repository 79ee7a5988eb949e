import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const PROBE = join(import.meta.dirname, 'stretch-probe.mjs');

/** Asks a server that runs with the probe how long one piece of work has held its main thread. */
export class ThreadWatch {
  readonly #socket: string;

  constructor(folder: string) {
    this.#socket = join(folder, 'stretch.sock');
  }

  /** What the server's process needs in its environment. */
  get environment(): Record<string, string> {
    return { NODE_OPTIONS: `--import ${PROBE}`, STRETCH_SOCKET: this.#socket };
  }

  /** Does something and answers its outcome with the longest piece of work meanwhile, ms of processor time; null where no one tells. */
  async during<T>(work: () => Promise<T>): Promise<{ outcome: T; heldMs: number | null }> {
    await this.#ask();
    const outcome = await work();
    return { outcome, heldMs: await this.#ask() };
  }

  async #ask(): Promise<number | null> {
    if (process.platform !== 'linux') return null;
    const socket = connect(this.#socket);
    await once(socket, 'connect');
    return Number(await text(socket));
  }
}
