import { isIP } from 'node:net';
import type { Clock } from '../time/clock.ts';

/**
 * Limits attempts per key and time window; a key is forgotten when its window ends. An IPv6 address counts with its whole /64
 * network, which a single host has for itself.
 */
export class AttemptLimit {
  readonly #clock: Clock;
  readonly #options: { readonly max: number; readonly windowMs: number };
  readonly #counts = new Map<string, number>();
  #windowEndMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, options: { max: number; windowMs: number }) {
    this.#clock = clock;
    this.#options = options;
  }

  /** False if the key has used up its attempts. */
  allows(text: string): boolean {
    this.#turn();
    return (this.#counts.get(toLimitKey(text)) ?? 0) < this.#options.max;
  }

  count(text: string): void {
    this.#turn();
    const key = toLimitKey(text);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Takes one counted attempt back. */
  uncount(text: string): void {
    this.#turn();
    const key = toLimitKey(text);
    const count = this.#counts.get(key) ?? 0;
    if (count > 0) this.#counts.set(key, count - 1);
  }

  #turn(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#windowEndMs) return;
    this.#counts.clear();
    this.#windowEndMs = nowMs + this.#options.windowMs;
  }
}

/** The /64 network of an IPv6 address; anything else unchanged. */
export function toLimitKey(text: string): string {
  return isIP(text) === 6 ? `${listGroups(text).slice(0, 4).join(':')}::/64` : text;
}

/** The groups of an IPv6 address, each without leading zeros. */
function listGroups(address: string): string[] {
  const [left = [], right] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const written = left.length + (right?.length ?? 0) + (address.includes('.') ? 1 : 0);
  const zeros = right ? Array.from({ length: 8 - written }, () => '0') : [];
  return [...left, ...zeros, ...(right ?? [])].map((group) => Number.parseInt(group, 16).toString(16));
}
