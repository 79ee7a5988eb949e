import { AppError } from '../platform/errors/app-error.ts';
import { AttemptLimit } from '../platform/http/attempt-limit.ts';
import type { Clock } from '../platform/time/clock.ts';

const MINUTE_MS = 60_000;
const WRONG_A_MINUTE = 20;
const TOKENS_A_MINUTE = 120;
const REGISTRATIONS_A_MINUTE = 60;

/**
 * Limits how often credentials may be tried and issued. Valid ones are checked before any limit on guesses, as many users
 * may share an address: others' wrong tries never lock a user out. Our credentials are too long to be guessed.
 */
export class GuessLimit {
  readonly #wrong: AttemptLimit;
  readonly #given: AttemptLimit;
  readonly #registered: AttemptLimit;

  constructor(clock: Clock) {
    this.#wrong = new AttemptLimit(clock, { max: WRONG_A_MINUTE, windowMs: MINUTE_MS });
    this.#given = new AttemptLimit(clock, { max: TOKENS_A_MINUTE, windowMs: MINUTE_MS });
    this.#registered = new AttemptLimit(clock, { max: REGISTRATIONS_A_MINUTE, windowMs: MINUTE_MS });
  }

  /** Runs `check`; turns its UNAUTHORIZED into RATE_LIMITED for an address with too many wrong tries this minute. */
  async guard<T>(address: string, check: () => Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'UNAUTHORIZED') throw thrown;
      if (!this.#wrong.allows(address)) throw new AppError('RATE_LIMITED');
      this.#wrong.count(address);
      throw thrown;
    }
  }

  /** Counts a new token of a client; each is a row until it expires. Throws RATE_LIMITED. */
  countToken(clientId: string): void {
    countOne(this.#given, clientId);
  }

  /** Counts a client that an address registered without an admin. Throws RATE_LIMITED. */
  countRegistration(address: string): void {
    countOne(this.#registered, address);
  }
}

function countOne(limit: AttemptLimit, key: string): void {
  if (!limit.allows(key)) throw new AppError('RATE_LIMITED');
  limit.count(key);
}
