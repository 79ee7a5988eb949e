import { isObject, writeJson, writeString } from '../json/lossless-json.ts';
import type { ProgressImage } from '../nodes/node-run.ts';
import type { Clock } from '../platform/clock.ts';
import type { PromptEnd } from '../queue/history.ts';
import type { PromptItem } from '../queue/prompt-queue.ts';
import type { SocketHub } from '../socket/socket-hub.ts';
import { writeMessage } from '../socket/socket-hub.ts';
import { PromptProgress, writeProgressNumber } from './prompt-progress.ts';

/** One execution of one prompt: the messages sent about it, and methods to send more. */
export class PromptRun {
  readonly item: PromptItem;
  readonly startedAt: number;
  readonly executed: string[] = [];
  readonly messages: string[] = [];
  private readonly nodeProgress: PromptProgress;
  private readonly promptIdJson: string;
  private readonly hub: SocketHub;
  private readonly clock: Clock;
  /** Servers before 0.3.45 have no progress_state. */
  private readonly hasProgressState: boolean;
  /** The node being executed, sent to a client that reconnects. */
  currentNode: string | undefined;
  isInterrupted = false;
  isProgressReached = false;
  status: 'success' | 'error' = 'success';

  constructor(
    item: PromptItem,
    deps: { readonly hub: SocketHub; readonly clock: Clock; readonly hasProgressState: boolean },
  ) {
    this.item = item;
    this.hub = deps.hub;
    this.clock = deps.clock;
    this.hasProgressState = deps.hasProgressState;
    this.startedAt = deps.clock.now();
    this.nodeProgress = new PromptProgress(item.promptId);
    this.promptIdJson = writeString(item.promptId);
  }

  /** Identity of the task this prompt belongs to, for the ledger. */
  ledgerFields(): Record<string, unknown> {
    const mark = this.item.extraData.get('comfleet');
    const fields: Record<string, unknown> = { prompt_id: this.item.promptId };
    if (isObject(mark))
      for (const key of ['task', 'attempt', 'epoch']) if (mark.has(key)) fields[key] = mark.get(key);
    return fields;
  }

  /** Sends a message that is also kept in history. `fields` is JSON text of further members, without braces. */
  announce(event: string, fields: string, isBroadcast = false): void {
    const rest = fields === '' ? '' : `, ${fields}`;
    const body =
      event === 'execution_cached'
        ? `${fields}, "prompt_id": ${this.promptIdJson}`
        : `"prompt_id": ${this.promptIdJson}${rest}`;
    const data = `{${body}, "timestamp": ${Math.floor(this.clock.now())}}`;
    this.messages.push(`[${writeString(event)}, ${data}]`);
    if (this.item.clientId !== undefined || isBroadcast) this.emit(event, data);
  }

  startNode(nodeId: string): void {
    this.nodeProgress.start(nodeId);
    this.emitProgressState();
    this.currentNode = nodeId;
    if (this.item.clientId === undefined) return;
    const id = writeString(nodeId);
    this.emit('executing', `{"node": ${id}, "display_node": ${id}, "prompt_id": ${this.promptIdJson}}`);
  }

  /** Sends progress_state, preview with metadata, progress, plain preview, in the recorded order. */
  progress(nodeId: string, value: number, max: number, image: ProgressImage | undefined): void {
    this.nodeProgress.update(nodeId, value, max);
    this.emitProgressState();
    const wantsMetadata = this.hub.isMetadataSupported(this.item.clientId);
    if (image !== undefined && wantsMetadata) this.emitPreviewWithMetadata(nodeId, image);
    const numbers = `"value": ${writeProgressNumber(value)}, "max": ${writeProgressNumber(max)}`;
    this.emit('progress', `{${numbers}, "prompt_id": ${this.promptIdJson}, "node": ${writeString(nodeId)}}`);
    if (image !== undefined && !wantsMetadata) this.emitPreview(image);
  }

  /** Sends a node's text to every socket: event 3, the length of the node's id, the id, the text. */
  sendText(nodeId: string, text: string): void {
    const id = Buffer.from(nodeId);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(3, 0);
    head.writeUInt32BE(id.length, 4);
    const data = Buffer.concat([head, id, Buffer.from(text)]);
    this.hub.send({ type: 'progress_text', data, target: undefined, promptId: this.item.promptId });
  }

  /** `output` is JSON text, `null` for a cached node without a shown result. */
  showResult(nodeId: string, output: string): void {
    if (this.item.clientId === undefined) return;
    const id = writeString(nodeId);
    this.emit(
      'executed',
      `{"node": ${id}, "display_node": ${id}, "output": ${output}, "prompt_id": ${this.promptIdJson}}`,
    );
  }

  finishNode(nodeId: string): void {
    this.nodeProgress.finish(nodeId);
    this.emitProgressState();
  }

  sendEndMarker(): void {
    if (this.item.clientId === undefined) return;
    const data = writeMessage('executing', `{"node": null, "prompt_id": ${this.promptIdJson}}`);
    this.hub.send({ type: 'end_marker', data, target: this.item.clientId, promptId: this.item.promptId });
  }

  end(outputs: PromptEnd['outputs']): PromptEnd {
    return {
      statusText: this.status,
      completed: this.status === 'success',
      messages: this.messages,
      outputs,
      startedAt: this.startedAt,
      endedAt: this.clock.now(),
    };
  }

  executedJson(): string {
    return writeJson(this.executed);
  }

  private emitProgressState(): void {
    if (this.hasProgressState) this.emit('progress_state', this.nodeProgress.dataJson());
  }

  private emitPreview(image: ProgressImage): void {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(1, 0);
    head.writeUInt32BE(image.type === 'jpeg' ? 1 : 2, 4);
    this.emitBinary('preview', Buffer.concat([head, image.bytes]));
  }

  private emitPreviewWithMetadata(nodeId: string, image: ProgressImage): void {
    const metadata = Buffer.from(
      writeJson({
        node_id: nodeId,
        prompt_id: this.item.promptId,
        display_node_id: nodeId,
        parent_node_id: null,
        real_node_id: nodeId,
        image_type: `image/${image.type}`,
      }),
    );
    const head = Buffer.alloc(8);
    head.writeUInt32BE(4, 0);
    head.writeUInt32BE(metadata.length, 4);
    this.emitBinary('preview_with_metadata', Buffer.concat([head, metadata, image.bytes]));
  }

  private emit(type: string, dataJson: string): void {
    this.hub.send({
      type,
      data: writeMessage(type, dataJson),
      target: this.item.clientId,
      promptId: this.item.promptId,
    });
  }

  private emitBinary(type: string, data: Buffer): void {
    this.hub.send({ type, data, target: this.item.clientId, promptId: this.item.promptId });
  }
}
