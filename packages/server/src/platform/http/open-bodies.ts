import type { ServerResponse } from 'node:http';
import { AppError } from '../errors/app-error.ts';

/** The bytes of all bodies whose requests are not answered yet, so that many at once cannot take all memory. */
export class OpenBodies {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Counts bytes of a body until its request is answered. Throws UNAVAILABLE when there are too many. */
  openFor(response: ServerResponse): { add(bytes: number): void } {
    let own = 0;
    response.once('close', () => {
      this.#bytes -= own;
      own = 0;
    });
    return {
      add: (bytes) => {
        if (response.closed) return;
        if (this.#bytes + bytes > this.#maxBytes)
          throw new AppError('UNAVAILABLE', { reason: 'too_many_bodies' });
        this.#bytes += bytes;
        own += bytes;
      },
    };
  }
}
