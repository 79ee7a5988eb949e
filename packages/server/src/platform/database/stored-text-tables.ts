export interface StoredTextRow {
  /** SHA-256 of a graph, blake3 of an object_info, in hex. */
  hash: string;
  size_bytes: number;
  /** Deflated JSON text, numbers as written: a graph without the header of zlib, an object_info with it. */
  body: Uint8Array;
  /** When it was written, or last reused as a graph: recent ones are not removed. */
  created_at: number;
}

/** JSON texts by content, each once: graphs of tasks and workflows, and the object_info of workers. */
export interface StoredTextTables {
  stored_text: StoredTextRow;
}
