export interface GraphRow {
  /** blake3 of the JSON text. */
  hash: string;
  size_bytes: number;
  /** Deflated JSON text, numbers as written. */
  body: Uint8Array;
  created_at: number;
}

/** JSON texts by their content: graphs of tasks and workflows, and object_info of workers. */
export interface GraphTables {
  graph: GraphRow;
}
