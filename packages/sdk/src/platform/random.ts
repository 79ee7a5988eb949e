/** Randomness for keys and jitter; a test passes its own. */
export interface Random {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
  /** 0 ≤ x < 1. */
  fraction(): number;
}

/** The platform's randomness. `getRandomValues` also works on pages served without TLS, `randomUUID` does not. */
export const systemRandom: Random = {
  bytes: (count) => globalThis.crypto.getRandomValues(new Uint8Array(count)),
  fraction: () => Math.random(),
};
