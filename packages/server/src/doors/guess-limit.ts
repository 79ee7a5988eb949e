import { AppError } from '../platform/errors/app-error.ts';
import { AttemptLimit } from '../platform/http/attempt-limit.ts';
import type { Clock } from '../platform/time/clock.ts';

const MINUTE_MS = 60_000;
const WRONG_A_MINUTE = 20;
const TOKENS_A_MINUTE = 120;
const REGISTRATIONS_A_MINUTE = 60;

/**
 * How often credentials may be tried and issued. Right ones are checked before any limit of guesses, as many users may
 * share an address: wrong tries of others never lock a user out. Our credentials are too long to be guessed.
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

  /** Runs `check`; its UNAUTHORIZED becomes RATE_LIMITED for an address that was wrong too often this minute. */
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

  /** One more token for a client; each is a row until it expires. Throws RATE_LIMITED. */
  countToken(clientId: string): void {
    countOne(this.#given, clientId);
  }

  /** One more client registered from an address without an admin's word. Throws RATE_LIMITED. */
  countRegistration(address: string): void {
    countOne(this.#registered, address);
  }
}

function countOne(limit: AttemptLimit, key: string): void {
  if (!limit.allows(key)) throw new AppError('RATE_LIMITED');
  limit.count(key);
}
