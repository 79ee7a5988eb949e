/** An entry of GET /history/{prompt_id}, written as a whole when the prompt ends (protocol 4.3). Other fields pass through. */
export interface HistoryEntry {
  /** `[number, prompt_id, graph, extra_data, outputs_to_execute]` as queued. */
  prompt?: unknown;
  /** Graph node id → UI output; may include results of cached nodes that this prompt did not run. */
  outputs?: unknown;
  /** `{status_str, completed, messages}`, or null on servers that lost it. */
  status?: unknown;
  meta?: unknown;
  [key: string]: unknown;
}
