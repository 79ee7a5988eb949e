/** The largest seed ComfyUI takes: 2^64 − 1. */
const LARGEST = (1n << 64n) - 1n;
/** Drawn seeds stay below 2^50, so that every JavaScript client shows them exactly. */
const DRAWN_BITS = 50n;

/** True for an empty field (draw one) or a decimal number from 0 to 2^64 − 1. */
export function isSeedText(text: string): boolean {
  if (text === '') return true;
  return /^\d{1,20}$/.test(text) && BigInt(text) <= LARGEST;
}

/** A seed from 8 random bytes. */
export function drawSeed(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes.subarray(0, 8)) value = (value << 8n) | BigInt(byte);
  return String(value & ((1n << DRAWN_BITS) - 1n));
}

/** The seed of the picture at `offset` when several are made from one fixed seed; wraps at 2^64. */
export function shiftSeed(seed: string, offset: number): string {
  return String((BigInt(seed) + BigInt(offset)) & LARGEST);
}
