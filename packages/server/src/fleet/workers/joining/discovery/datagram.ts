import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  ANNOUNCEMENT_PREFIX,
  type AnnouncementDatagram,
  announcementDatagramSchema,
} from '@comfleet/contract';
import { AppError } from '../../../../platform/errors/app-error.ts';

/** How far apart the clocks of worker and server may be. */
export const DATAGRAM_LIFE_MS = 60_000;

const SIGNATURE_BYTES = 64;

/** A valid datagram, and the signature that makes it unique. */
export interface ReadDatagram {
  readonly announcement: AnnouncementDatagram;
  readonly signature: string;
}

/**
 * Parses `comfleet1 <HMAC-SHA256 of the JSON with the join token, hex> <JSON>`. Null for anything else, for another token, and
 * for a time too far in the past or future.
 */
export function readDatagram(message: Uint8Array, joinToken: string, nowMs: number): ReadDatagram | null {
  const text = Buffer.from(message).toString('utf8');
  const body = text.slice(ANNOUNCEMENT_PREFIX.length + SIGNATURE_BYTES + 1);
  const signature = text.slice(ANNOUNCEMENT_PREFIX.length, ANNOUNCEMENT_PREFIX.length + SIGNATURE_BYTES);
  const right = createHmac('sha256', joinToken).update(body).digest('hex');
  if (!text.startsWith(ANNOUNCEMENT_PREFIX) || !isSame(signature, right)) return null;
  const parsed = announcementDatagramSchema.safeParse(parseOrNull(body));
  if (!parsed.success || Math.abs(nowMs - parsed.data.at_ms) > DATAGRAM_LIFE_MS) return null;
  return { announcement: parsed.data, signature };
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // as invalid as any other shape
  }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Remembers datagrams for as long as they are valid, so that each counts once. */
export class ReadOnce {
  readonly #seen = new Map<string, number>();

  /** Throws RATE_LIMITED when far too many arrive. */
  isFirst(signature: string, nowMs: number): boolean {
    for (const [old, atMs] of this.#seen) {
      if (nowMs - atMs <= 2 * DATAGRAM_LIFE_MS) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(signature)) return false;
    if (this.#seen.size >= MAX_REMEMBERED) throw new AppError('RATE_LIMITED');
    this.#seen.set(signature, nowMs);
    return true;
  }
}

const MAX_REMEMBERED = 20_000;
