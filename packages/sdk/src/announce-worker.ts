import type { Announced, AnnounceWorker } from '@comfleet/contract';
import { FleetCalls } from './calls/fleet.ts';
import { ComfleetError } from './errors.ts';
import { TokenSource } from './http/credentials.ts';
import { DEFAULT_RETRY } from './http/retry.ts';
import { HttpTransport } from './http/transport.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import { type Random, systemRandom } from './platform/random.ts';

export interface AnnounceOptions {
  /** The Comfleet server, for example http://10.0.0.1:8000. */
  readonly server: string;
  /** Its `nodes.join_token`. */
  readonly joinToken: string;
  /** Ends the loop. */
  readonly signal?: AbortSignal;
  /** After each announcement that was taken. */
  readonly onAnnounced?: (answer: Announced) => void;
  /** After each that was not; the next try follows. */
  readonly onFailure?: (error: ComfleetError) => void;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly random?: Random;
}

const TIMEOUT_MS = 20_000;
/** While the server does not answer, or the worker does not yet. */
const RETRY_MS = 10_000;

/**
 * Says again and again that a ComfyUI server is there, as often as Comfleet asks for, until the signal is aborted; then it
 * resolves. Rejects with the answer that no repetition changes: a wrong token, a name or address that another has.
 */
export async function announceWorker(worker: AnnounceWorker, options: AnnounceOptions): Promise<void> {
  const { joinToken, signal, onAnnounced, onFailure } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const fleet = openFleetCalls(options, clock, random);
  while (!isOver(signal)) {
    let pauseMs = RETRY_MS;
    try {
      const answer = await fleet.announce(worker, { joinToken, ...(signal ? { signal } : {}) });
      onAnnounced?.(answer);
      pauseMs = answer.again_seconds * 1000;
    } catch (thrown) {
      if (isOver(signal)) return;
      if (!(thrown instanceof ComfleetError) || isFinal(thrown)) throw thrown;
      onFailure?.(thrown);
      pauseMs = Math.max(RETRY_MS, thrown.retryAfterMs ?? 0);
    }
    // Workers that started together spread out, and none comes late.
    const pause = clock.sleep(pauseMs * (0.8 + 0.2 * random.fraction()), signal);
    await pause.catch(() => undefined); // only the signal ends it
  }
}

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function isFinal({ status }: ComfleetError): boolean {
  return status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function openFleetCalls({ server, fetch: given }: AnnounceOptions, clock: Clock, random: Random): FleetCalls {
  const url = server.replace(/\/+$/, '');
  const call: typeof fetch = given ?? ((input, init) => globalThis.fetch(input, init));
  const tokens = new TokenSource({ kind: 'none' }, { url, fetch: call, clock });
  const retry = { ...DEFAULT_RETRY, retries: 0 };
  return new FleetCalls(
    new HttpTransport({ url, fetch: call, clock, random, tokens, retry, timeoutMs: TIMEOUT_MS }),
  );
}
