import { isJsonNumber } from '@comfleet/comfyui';
import { AppError } from '../../platform/errors/app-error.ts';

/** Bounds of `expires_in` in the contract, in seconds. */
const EXPIRES_IN = { min: 60, max: 604_800 };
const MAX_TAGS = 50;

/** The hex digits of `blake3:<hex>`; null for anything else. */
export function parseHash(text: string): string | null {
  return /^blake3:([0-9a-f]{64})$/.exec(text)?.[1] ?? null;
}

/** True for a placement path: relative, below its root, no control characters. */
export function isFilePath(path: string): boolean {
  const parts = path.split('/');
  return (
    path.length <= 500 &&
    !/[\p{Cc}\\]/u.test(path) &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** Fields of an upload, which precede its file. */
export interface UploadFields {
  contentType: string;
  filePath: string;
  expectedHash?: string;
  tags: string[];
  expiresInSeconds?: number;
}

/** Collects the form's fields one at a time; `read` checks them when the file begins. */
export class UploadForm {
  readonly #fields = new Map<string, string>();
  readonly #tags: string[] = [];

  add(name: string, value: unknown): void {
    const text = String(value);
    if (name === 'tags') this.#tags.push(text);
    else this.#fields.set(name, text);
  }

  /** Throws INVALID_REQUEST naming the first missing or invalid field. */
  read(): UploadFields {
    const contentType = this.#require('content_type');
    if (!/^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(\s*;[\x20-\x7e]{0,100})?$/.test(contentType)) {
      refuseUpload('content_type must be a media type such as image/png');
    }
    const filePath = this.#require('file_path');
    if (!isFilePath(filePath)) refuseUpload('file_path must be a relative path without empty or dot parts');
    const expected = this.#fields.get('expected_hash');
    const expectedHash = expected === undefined ? null : parseHash(expected);
    if (expected !== undefined && expectedHash === null)
      refuseUpload('expected_hash must be blake3:<64 hex digits>');
    if (this.#tags.length > MAX_TAGS || this.#tags.some((tag) => tag.length > 100))
      refuseUpload(`at most ${MAX_TAGS} tags of 100 characters`);
    return {
      contentType,
      filePath,
      tags: this.#tags,
      ...(expectedHash === null ? {} : { expectedHash }),
      ...this.#readExpiry(),
    };
  }

  #readExpiry(): { expiresInSeconds?: number } {
    const text = this.#fields.get('expires_in');
    if (text === undefined) return {};
    const seconds = /^\d{1,7}$/.test(text) ? Number(text) : 0;
    if (seconds < EXPIRES_IN.min || seconds > EXPIRES_IN.max) {
      refuseUpload(`expires_in must be ${EXPIRES_IN.min} to ${EXPIRES_IN.max} seconds`);
    }
    return { expiresInSeconds: seconds };
  }

  #require(name: string): string {
    const value = this.#fields.get(name);
    if (value === undefined || value === '')
      return refuseUpload(`${name} is missing; fields are sent before the file`);
    return value;
  }
}

export function refuseUpload(reason: string): never {
  throw new AppError('INVALID_REQUEST', { reason });
}

export interface FromHash {
  hash: string;
  filePath?: string;
  tags?: string[];
  expiresInSeconds?: number;
}

/**
 * Reads the body of POST /assets/from-hash; null without a usable hash. The contract has no error for an invalid optional
 * field here, so such a field is ignored, and a lifetime is clamped to its bounds.
 */
export function readFromHashBody(body: Record<string, unknown>): FromHash | null {
  const hash = typeof body.hash === 'string' ? parseHash(body.hash) : null;
  if (hash === null) return null;
  const filePath = body.file_path;
  const tags = Array.isArray(body.tags) ? body.tags : [];
  const expires = isJsonNumber(body.expires_in) ? Number(body.expires_in) : null;
  return {
    hash,
    ...(typeof filePath === 'string' && isFilePath(filePath) ? { filePath } : {}),
    tags: tags.filter((tag) => typeof tag === 'string' && tag.length <= 100).slice(0, MAX_TAGS),
    ...(expires === null
      ? {}
      : {
          expiresInSeconds: Math.min(Math.max(Math.floor(expires), EXPIRES_IN.min), EXPIRES_IN.max),
        }),
  };
}
