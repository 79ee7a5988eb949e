/** 0 … 2^50, so that every JavaScript client shows it exactly (WF23). */
export function drawSeed(bytes: Uint8Array): string {
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return String(value & ((1n << 50n) - 1n));
}
