import { createHmac, timingSafeEqual } from 'node:crypto';

const HOUR_MS = 3_600_000;

/**
 * Links that carry their own permission, for pictures in pages: `path?expires=…&signature=…`, HMAC-SHA-256. A link is valid for
 * one to two hours and stays the same within an hour, so that browsers can cache its content.
 */
export class SignedLinks {
  readonly #key: Uint8Array;
  readonly #nowMs: () => number;

  constructor(key: Uint8Array, nowMs: () => number) {
    this.#key = key;
    this.#nowMs = nowMs;
  }

  /** The path with its signature. */
  sign(path: string): string {
    const expires = (Math.floor(this.#nowMs() / HOUR_MS) + 2) * (HOUR_MS / 1000);
    return `${path}?expires=${expires}&signature=${this.#compute(path, String(expires))}`;
  }

  /** True for an unexpired signature of exactly this path. */
  verify(path: string, expires: string, signature: string): boolean {
    if (!/^\d{1,12}$/.test(expires)) return false;
    const expected = Buffer.from(this.#compute(path, expires));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
    return Number(expires) * 1000 > this.#nowMs();
  }

  #compute(path: string, expires: string): string {
    return createHmac('sha256', this.#key).update(`link\n${path}\n${expires}`).digest('base64url');
  }
}

/** The address of an asset's bytes; signed links are made for this path. */
export function toAssetPath(id: string): string {
  return `/api/fleet/assets/${id}/content`;
}
