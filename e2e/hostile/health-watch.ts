import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

interface Sample {
  ms: number;
  status: number;
}

/** Polls an address all the time, on its own thread. */
export class HealthWatch {
  readonly #thread: Worker;
  #samples: Sample[] = [];

  constructor(url: string) {
    this.#thread = new Worker(new URL('health-probe.mjs', import.meta.url), { workerData: { url } });
    this.#thread.on('message', (sample: Sample) => this.#samples.push(sample));
  }

  /** Does some work; returns its outcome and the slowest response in that time, in ms. A refused request counts as infinite. */
  async during<T>(work: () => Promise<T>): Promise<{ outcome: T; slowestMs: number }> {
    await this.#next();
    this.#samples = [];
    const outcome = await work();
    // The request that was pending when the work ended, and one after it.
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
