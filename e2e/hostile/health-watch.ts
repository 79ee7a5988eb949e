import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

interface Sample {
  ms: number;
  status: number;
}

/** Asks an address all the while, on a thread of its own. */
export class HealthWatch {
  readonly #thread: Worker;
  #samples: Sample[] = [];

  constructor(url: string) {
    this.#thread = new Worker(new URL('health-probe.mjs', import.meta.url), { workerData: { url } });
    this.#thread.on('message', (sample: Sample) => this.#samples.push(sample));
  }

  /** Does something and answers its outcome with the slowest answer meanwhile, milliseconds; a refused one counts as endless. */
  async during<T>(work: () => Promise<T>): Promise<{ outcome: T; slowestMs: number }> {
    await this.#next();
    this.#samples = [];
    const outcome = await work();
    // The question that was open when the work ended, and one after it.
    await this.#next();
    await this.#next();
    const times = this.#samples.map(({ ms, status }) => (status === 200 ? ms : Number.POSITIVE_INFINITY));
    return { outcome, slowestMs: Math.round(Math.max(...times)) };
  }

  async close(): Promise<void> {
    const ended = once(this.#thread, 'exit');
    this.#thread.postMessage('close');
    await ended;
  }

  async #next(): Promise<void> {
    await once(this.#thread, 'message');
  }
}
