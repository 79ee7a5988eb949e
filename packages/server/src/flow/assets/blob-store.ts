/** Stores bytes by their hash: the content of results and uploads. Bytes under a hash never change. */
export interface BlobStore {
  /** Stores a stream whole or not at all; durable when it resolves. */
  put(source: AsyncIterable<Uint8Array>, limits: PutLimits): Promise<StoredBlob>;
  /** Streams a blob, or the bytes `start` … `end` (both included). Throws ASSET_NOT_FOUND when it is gone. */
  open(hash: string, range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
  has(hash: string): Promise<boolean>;
  /** Deletes a blob that was not used for this long; false when it was. */
  removeUnused(hash: string, unusedForMs: number): Promise<boolean>;
  /** Gives a blob a readable name below a folder: a hard link, or a copy where links are impossible. */
  linkTo(hash: string, path: string): Promise<void>;
}

export interface PutLimits {
  /** Longer streams are refused with BODY_TOO_LARGE. */
  maxBytes: number;
  /** A stream of another length was cut off, and is COLLECT_FAILED. */
  expectedBytes?: number;
  signal?: AbortSignal;
}

export interface StoredBlob {
  /** blake3, hex. */
  hash: string;
  sizeBytes: number;
  /** False when the same bytes were stored before. */
  isNew: boolean;
  /** The first bytes, to detect the kind of file. */
  head: Uint8Array;
}
