import { type JsonObject, writeJson, writeString } from '../json/lossless-json.ts';
import type { PromptItem } from './prompt-queue.ts';

/** How a prompt ended. `messages` and `outputs` are JSON texts of the sent messages and collected outputs. */
export interface PromptEnd {
  readonly statusText: 'success' | 'error';
  readonly completed: boolean;
  readonly messages: readonly string[];
  readonly outputs: readonly (readonly [nodeId: string, output: string, meta: string])[];
  readonly startedAt: number;
  readonly endedAt: number;
}

interface HistoryEntry {
  readonly item: PromptItem;
  readonly end: PromptEnd;
  json: string | undefined;
}

/** Keys of comfy.org in extra_data that history does not show. */
export const SECRET_KEYS = ['auth_token_comfy_org', 'api_key_comfy_org'];
const HISTORY_CAP = 10_000;

/** Ended prompts, oldest first; above 10,000 the oldest is dropped. */
export class History {
  private readonly entries = new Map<string, HistoryEntry>();

  add(item: PromptItem, end: PromptEnd): void {
    if (this.entries.size > HISTORY_CAP) {
      const oldest = this.entries.keys().next().value;
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    this.entries.set(item.promptId, { item, end, json: undefined });
  }

  has(promptId: string): boolean {
    return this.entries.has(promptId);
  }

  /** The entry's JSON text; undefined if the id is unknown. */
  entryJson(promptId: string): string | undefined {
    const entry = this.entries.get(promptId);
    if (entry === undefined) return undefined;
    entry.json ??= writeEntry(entry);
    return entry.json;
  }

  /** GET /history: all, the newest `maxItems`, or `maxItems` from `offset` counted from the oldest. */
  listJson(maxItems: number | undefined, offset: number): string {
    const start = offset < 0 && maxItems !== undefined ? this.entries.size - maxItems : offset;
    const parts: string[] = [];
    let index = 0;
    for (const promptId of this.entries.keys()) {
      if (index >= start) {
        parts.push(`${writeString(promptId)}: ${this.entryJson(promptId) ?? 'null'}`);
        if (maxItems !== undefined && parts.length >= maxItems) break;
      }
      index += 1;
    }
    return `{${parts.join(', ')}}`;
  }

  list(): readonly { readonly item: PromptItem; readonly end: PromptEnd }[] {
    return [...this.entries.values()];
  }

  remove(promptId: string): void {
    this.entries.delete(promptId);
  }

  clear(): void {
    this.entries.clear();
  }
}

/** `[number, prompt_id, prompt, extra_data, outputs_to_execute]`, as in GET /queue and in history. */
export function writeQueueItem(item: PromptItem, extraData: JsonObject = item.extraData): string {
  return `[${item.numberText}, ${writeString(item.promptId)}, ${item.promptJson}, ${writeJson(extraData)}, ${writeJson(item.outputs)}]`;
}

function writeEntry({ item, end }: HistoryEntry): string {
  const extraData = new Map(item.extraData);
  for (const key of SECRET_KEYS) extraData.delete(key);
  const outputs = end.outputs.map(([id, output]) => `${writeString(id)}: ${output}`).join(', ');
  const meta = end.outputs.map(([id, , nodeMeta]) => `${writeString(id)}: ${nodeMeta}`).join(', ');
  const status = `{"status_str": "${end.statusText}", "completed": ${end.completed}, "messages": [${end.messages.join(', ')}]}`;
  return `{"prompt": ${writeQueueItem(item, extraData)}, "outputs": {${outputs}}, "status": ${status}, "meta": {${meta}}}`;
}
