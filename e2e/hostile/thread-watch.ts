import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const PROBE = join(import.meta.dirname, 'stretch-probe.mjs');

/** Asks a server that runs with the probe for the longest piece of work on its main thread. */
export class ThreadWatch {
  readonly #socket: string;

  constructor(folder: string) {
    this.#socket = join(folder, 'stretch.sock');
  }

  /** Environment variables that the server's process needs. */
  get environment(): Record<string, string> {
    return { NODE_OPTIONS: `--import ${PROBE}`, STRETCH_SOCKET: this.#socket };
  }

  /** Does some work; returns its outcome and the longest piece of work in that time, in ms of processor time; null if unknown. */
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
