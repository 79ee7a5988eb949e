import { isRecord } from '../json/records.ts';

/**
 * One prompt of GET /queue, or of a history entry: `[number, prompt_id, graph, extra_data, outputs_to_execute]`. `extraData` may
 * hold secrets on 0.3.64.
 */
export interface QueueItem {
  number: number;
  promptId: string;
  graph: unknown;
  extraData: Record<string, unknown>;
  /** The output nodes that the server executes; null if it does not report any, because it accepts no prompt without one. */
  outputNodeIds: string[] | null;
}

/** Reads one half of the queue in execution order; the server sends it in heap order. Invalid items are left out. */
export function readQueueItems(value: unknown): QueueItem[] {
  if (!Array.isArray(value)) return [];
  const items = value.map(readQueueItem).filter((item) => item !== null);
  return items.sort((a, b) => a.number - b.number || compareText(a.promptId, b.promptId));
}

/** Reads one prompt; null for anything of another form. */
export function readQueueItem(value: unknown): QueueItem | null {
  if (!Array.isArray(value)) return null;
  const [number, promptId, graph, extraData, outputs]: unknown[] = value;
  if (typeof number !== 'number' || typeof promptId !== 'string') return null;
  return {
    number,
    promptId,
    graph,
    extraData: isRecord(extraData) ? extraData : {},
    outputNodeIds: readIds(outputs),
  };
}

function readIds(outputs: unknown): string[] | null {
  const ids = Array.isArray(outputs) ? outputs.filter((id) => typeof id === 'string') : [];
  return ids.length === 0 ? null : ids;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
