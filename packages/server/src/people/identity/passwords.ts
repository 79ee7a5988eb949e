import { hash, verify } from '@node-rs/argon2';
import { dictionary } from '@zxcvbn-ts/language-common';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Random } from '../../platform/time/clock.ts';

/** OWASP's parameters for argon2id, the library's default algorithm. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Each check takes a core for some 15 ms and 19 MiB. */
const MAX_RUNNING = 2;
const MAX_WAITING = 50;
/** In characters; ASVS 5.0, 6.2.1 and 6.2.9. */
const LENGTH = { min: 8, max: 128 };
/** Without letters and digits that look alike. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const GROUP_LENGTH = 5;

const COMMON: ReadonlySet<string> = new Set(dictionary['passwords-common'].map(String));

/** Who is served next while all places are taken. */
type Turn = 'first' | 'last';

/** Hashes and checks passwords of users, a few at a time: a flood of guesses must not take all cores. */
export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Of no password: unknown users take as long as known ones. */
  #decoy: Promise<string> | null = null;

  /** The argon2id string of a password. */
  hash(password: string): Promise<string> {
    return this.#run(() => hash(toStored(password), ARGON2ID), 'first');
  }

  /**
   * Returns whether the password is that of the hash; false, after as long, for null. `first` is for known users, whom strangers
   * must not keep waiting; few, as their attempts are limited. Throws RATE_LIMITED for `last` when too many wait.
   */
  async matches(password: string, stored: string | null, turn: Turn): Promise<boolean> {
    this.#decoy ??= hash('', ARGON2ID);
    const against = stored ?? (await this.#decoy);
    const isMatch = await this.#run(() => verify(against, toStored(password)), turn);
    return isMatch && stored !== null;
  }

  async #run<T>(work: () => Promise<T>, turn: Turn): Promise<T> {
    if (this.#running >= MAX_RUNNING) {
      if (turn === 'last' && this.#waiting.length >= MAX_WAITING) throw new AppError('RATE_LIMITED');
      await new Promise<void>((resolve) => {
        if (turn === 'first') this.#waiting.unshift(resolve);
        else this.#waiting.push(resolve);
      });
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next one that waits.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}

/** One form for what looks the same: keyboards differ in how they write accents. */
function toStored(password: string): string {
  return password.normalize('NFC');
}

/** Throws PASSWORD_REFUSED with the reason: `too_short`, `too_long`, `common`, or `name` for one that holds the user's name. */
export function checkPassword(password: string, login: string): void {
  const length = [...password].length;
  const lower = password.toLowerCase();
  const reason =
    length < LENGTH.min
      ? 'too_short'
      : length > LENGTH.max
        ? 'too_long'
        : COMMON.has(lower)
          ? 'common'
          : login.length > 2 && lower.includes(login)
            ? 'name'
            : null;
  if (reason !== null) throw new AppError('PASSWORD_REFUSED', { reason, ...LENGTH });
}

/** A password of 99 random bits that can be read aloud and typed. */
export function drawPassword(random: Random): string {
  const letters: string[] = [];
  // Bytes above the last whole multiple would make some letters likelier.
  const limit = 256 - (256 % ALPHABET.length);
  while (letters.length < GROUPS * GROUP_LENGTH) {
    for (const byte of random.bytes(32))
      if (byte < limit) letters.push(ALPHABET.charAt(byte % ALPHABET.length));
  }
  return Array.from({ length: GROUPS }, (_, group) =>
    letters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join(''),
  ).join('-');
}
