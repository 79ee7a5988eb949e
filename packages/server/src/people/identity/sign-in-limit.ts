import { AppError } from '../../platform/errors/app-error.ts';
import { AttemptLimit, toLimitKey } from '../../platform/http/attempt-limit.ts';
import type { Clock } from '../../platform/time/clock.ts';

const MINUTE_MS = 60_000;

/** A try to sign in as `login` from `address`; `isFamiliar` if the user already has a session from there. */
export interface SignInAttempt {
  readonly login: string;
  readonly address: string;
  readonly isFamiliar: boolean;
}

/**
 * Slows guesses of passwords: per account and address, and, from addresses that the user has no session from, per address and
 * per account. So guesses from elsewhere never lock a user out. Those from the user's own address can, for a minute.
 */
export class SignInLimit {
  readonly #pair: AttemptLimit;
  readonly #address: AttemptLimit;
  readonly #account: AttemptLimit;

  constructor(clock: Clock) {
    this.#pair = new AttemptLimit(clock, { max: 10, windowMs: MINUTE_MS });
    this.#address = new AttemptLimit(clock, { max: 60, windowMs: MINUTE_MS });
    this.#account = new AttemptLimit(clock, { max: 20, windowMs: MINUTE_MS });
  }

  /** Throws RATE_LIMITED for an attempt that is not to be checked now, whatever its password. */
  check(attempt: SignInAttempt): void {
    const { login, address, isFamiliar } = attempt;
    const isAllowed =
      this.#pair.allows(toPair(attempt)) &&
      (isFamiliar || (this.#address.allows(address) && this.#account.allows(login)));
    if (!isAllowed) throw new AppError('RATE_LIMITED');
    // Counted before the password is checked: attempts at the same moment must not all pass.
    if (!isFamiliar) this.#account.count(login);
    this.#address.count(address);
    this.#pair.count(toPair(attempt));
  }

  /** Takes back an attempt whose password was right: only guesses are limited. */
  forgive(attempt: SignInAttempt): void {
    const { login, address, isFamiliar } = attempt;
    if (!isFamiliar) this.#account.uncount(login);
    this.#address.uncount(address);
    this.#pair.uncount(toPair(attempt));
  }
}

function toPair({ login, address }: SignInAttempt): string {
  return JSON.stringify([login, toLimitKey(address)]);
}
