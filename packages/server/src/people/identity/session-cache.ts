import type { TokenRecord } from './token-statements.ts';

/** The session of a valid token. */
export interface Session extends TokenRecord {
  readonly tokenHash: string;
}

interface Entry {
  session: Session;
  checkedAtMs: number;
}

/** Sessions looked up less than `maxAgeMs` ago, so that a busy client costs one query per second, not one per request. */
export class SessionCache {
  readonly #maxAgeMs: number;
  readonly #limit: number;
  readonly #byHash = new Map<string, Entry>();

  constructor(options: { maxAgeMs: number; limit: number }) {
    this.#maxAgeMs = options.maxAgeMs;
    this.#limit = options.limit;
  }

  find(tokenHash: string, monotonicMs: number): Session | null {
    const entry = this.#byHash.get(tokenHash);
    if (!entry) return null;
    if (monotonicMs - entry.checkedAtMs < this.#maxAgeMs) return entry.session;
    this.#byHash.delete(tokenHash);
    return null;
  }

  put(session: Session, monotonicMs: number): void {
    if (this.#byHash.size >= this.#limit) this.#byHash.clear();
    this.#byHash.set(session.tokenHash, { session, checkedAtMs: monotonicMs });
  }

  clear(): void {
    this.#byHash.clear();
  }
}
