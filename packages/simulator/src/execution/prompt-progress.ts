import { printFloat, writeString } from '../json/lossless-json.ts';

interface Entry {
  readonly id: string;
  readonly tail: string;
  value: string;
  max: string;
  maxNumber: number;
  state: 'running' | 'finished';
}

/** Progress of every started node, in the form of the `progress_state` message. */
export class PromptProgress {
  private readonly entries = new Map<string, Entry>();
  private readonly promptIdJson: string;
  constructor(promptId: string) {
    this.promptIdJson = writeString(promptId);
  }

  start(nodeId: string): void {
    const entry = this.ensure(nodeId);
    entry.state = 'running';
    entry.value = '0.0';
    entry.max = '1.0';
  }

  update(nodeId: string, value: number, max: number): void {
    const entry = this.ensure(nodeId);
    entry.state = 'running';
    entry.value = writeProgressNumber(value);
    entry.max = writeProgressNumber(max);
  }

  finish(nodeId: string): void {
    const entry = this.ensure(nodeId);
    entry.state = 'finished';
    entry.value = entry.max;
  }

  /** The message's `data`, as JSON text. */
  dataJson(): string {
    const parts: string[] = [];
    for (const { id, value, max, state, tail } of this.entries.values()) {
      parts.push(`${id}: {"value": ${value}, "max": ${max}, "state": "${state}", ${tail}`);
    }
    return `{"prompt_id": ${this.promptIdJson}, "nodes": {${parts.join(', ')}}}`;
  }

  private ensure(nodeId: string): Entry {
    const known = this.entries.get(nodeId);
    if (known !== undefined) return known;
    const id = writeString(nodeId);
    const tail = `"node_id": ${id}, "prompt_id": ${this.promptIdJson}, "display_node_id": ${id}, "parent_node_id": null, "real_node_id": ${id}}`;
    const entry: Entry = { id, tail, value: '0', max: '1', maxNumber: 1, state: 'running' };
    this.entries.set(nodeId, entry);
    return entry;
  }
}

/** Whole numbers without a fraction, others as Python prints them. */
export function writeProgressNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : printFloat(value);
}
