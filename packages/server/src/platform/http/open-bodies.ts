import type { ServerResponse } from 'node:http';
import { plainText } from '@comfleet/contract';
import { AppError } from '../errors/app-error.ts';

/** A body of this size is never refused: however many others there are, small requests continue. */
const SMALL_BYTES = 65_536;

/**
 * Counts the bytes of all bodies whose requests are not answered yet, so that they cannot exhaust the memory. Those of one client
 * take at most half, so that a client that sends slowly and much does not block others.
 */
export class OpenBodies {
  readonly #maxBytes: number;
  #bytes = 0;
  readonly #byClient = new Map<string, number>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Counts bytes of a body until its request is answered. `add` throws UNAVAILABLE if there are too many. */
  openFor(client: string, response: ServerResponse): { add(bytes: number): void } {
    let own = 0;
    response.once('close', () => {
      this.#count(client, -own);
      own = 0;
    });
    return {
      add: (bytes) => {
        if (response.closed) return;
        if (own + bytes > SMALL_BYTES && !this.#hasRoom(client, bytes))
          throw new AppError('UNAVAILABLE', {
            reason: 'too_many_bodies',
            setting: 'limits.open_body_bytes',
            message_text: plainText('reason.many_bodies'),
          });
        this.#count(client, bytes);
        own += bytes;
      },
    };
  }

  #hasRoom(client: string, bytes: number): boolean {
    const ofClient = this.#byClient.get(client) ?? 0;
    return this.#bytes + bytes <= this.#maxBytes && ofClient + bytes <= this.#maxBytes / 2;
  }

  #count(client: string, bytes: number): void {
    this.#bytes += bytes;
    const ofClient = (this.#byClient.get(client) ?? 0) + bytes;
    if (ofClient > 0) this.#byClient.set(client, ofClient);
    else this.#byClient.delete(client);
  }
}
