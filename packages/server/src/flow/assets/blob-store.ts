/** Bytes by content: what a result or an upload is made of. Bytes under a hash never change. */
export interface BlobStore {
  /** Stores a stream whole or not at all; durable when it resolves. */
  put(source: AsyncIterable<Uint8Array>, limits: PutLimits): Promise<StoredBlob>;
  /** Streams a blob, or the bytes `start` … `end` (both included). Throws ASSET_NOT_FOUND when it is gone. */
  open(hash: string, range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
  has(hash: string): Promise<boolean>;
  /** Deletes a blob that nobody has used for this long; false when someone did. */
  removeUnused(hash: string, unusedForMs: number): Promise<boolean>;
  /** Gives a blob a readable name below a folder: a hard link, or a copy where links are impossible. */
  linkTo(hash: string, path: string): Promise<void>;
}

export interface PutLimits {
  /** Refuses longer streams with BODY_TOO_LARGE. */
  maxBytes: number;
  /** A stream of another length is COLLECT_FAILED: cut off on the way. */
  expectedBytes?: number;
  signal?: AbortSignal;
}

export interface StoredBlob {
  /** blake3, hex. */
  hash: string;
  sizeBytes: number;
  /** False when the same bytes were here before. */
  isNew: boolean;
  /** The first bytes, for telling the kind of file. */
  head: Uint8Array;
}
