import { z } from 'zod';
import { en as WRONG } from './texts/values/en.ts';

/** What an id identifies; one brand each, so that a worker's id cannot be used as a task's. */
export type IdKind =
  | 'task'
  | 'attempt'
  | 'batch'
  | 'asset'
  | 'principal'
  | 'worker'
  | 'instance'
  | 'project'
  | 'token';

/** A lowercase UUID (version 7 if we created it), branded by what it identifies. */
export type Id<K extends IdKind> = string & { readonly __id: K };

export type TaskId = Id<'task'>;
export type AttemptId = Id<'attempt'>;
export type BatchId = Id<'batch'>;
export type AssetId = Id<'asset'>;
export type PrincipalId = Id<'principal'>;
export type WorkerId = Id<'worker'>;
export type InstanceId = Id<'instance'>;
export type ProjectId = Id<'project'>;
export type TokenId = Id<'token'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a canonical lowercase hyphenated UUID, the only form ComfyUI's newer versions accept as prompt id. */
export function isUuid(value: string): boolean {
  return UUID.test(value);
}

/** Brands a string after checking its form; null when it is not one of our ids. */
export function parseId<K extends IdKind>(value: string): Id<K> | null {
  return isUuid(value) ? (value as Id<K>) : null;
}

/** The lowest id created at a time, or of all: where a scan in order of creation starts. */
export function lowestId<K extends IdKind>(atMs = 0): Id<K> {
  return createUuidV7<K>(atMs, new Uint8Array(10));
}

/** A schema for ids in bodies and paths. */
export function idSchema<K extends IdKind>() {
  return z
    .string()
    .regex(UUID, WRONG['value.uuid'])
    .transform((value) => value as Id<K>);
}

/**
 * Makes a UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits, so ids sort by creation
 * time. `random` holds at least 10 random bytes.
 */
export function createUuidV7<K extends IdKind>(nowMs: number, random: Uint8Array): Id<K> {
  const time = Math.floor(nowMs).toString(16).padStart(12, '0');
  const hex = Array.from(random.subarray(0, 10), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const variant = ((Number.parseInt(hex.charAt(3), 16) & 0x3) | 0x8).toString(16);
  const value = `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
  return value as Id<K>;
}
