import { Worker } from 'node:worker_threads';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { BlobReply, BlobRequest, BlobTask } from './blob-thread.ts';

interface Waiting {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Runs file work in a separate thread, in no particular order. */
export class BlobWriter {
  readonly #worker = new Worker(new URL('./blob-thread.js', import.meta.url));
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #dead: Error | null = null;
  #onIdle: () => void = () => {};

  constructor() {
    this.#worker.on('message', (reply: BlobReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#die(toError(error)));
    this.#worker.on('exit', () => this.#die(new Error('the thread of blobs has ended')));
  }

  /** Rejects with the system's error, its `code` kept, or with UNAVAILABLE when the thread is gone. */
  run(task: BlobTask): Promise<void> {
    if (this.#dead) return Promise.reject(new AppError('UNAVAILABLE', null, { cause: this.#dead }));
    this.#lastId += 1;
    const request: BlobRequest = { id: this.#lastId, task };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  /** Finishes the queued work, then ends the thread. */
  async close(): Promise<void> {
    if (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.#worker.terminate();
  }

  #settle({ id, error }: BlobReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(Object.assign(new Error(error.message), { code: error.code }));
    else waiting?.resolve();
    if (this.#waiting.size === 0) this.#onIdle();
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values())
      reject(new AppError('UNAVAILABLE', null, { cause: error }));
    this.#waiting.clear();
    this.#onIdle();
  }
}
