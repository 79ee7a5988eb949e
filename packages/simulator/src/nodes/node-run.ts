import type { FileStore } from '../files/file-store.ts';
import type { FrameEncoder } from '../images/frame.ts';
import type { Json, JsonObject, Writable } from '../json/lossless-json.ts';
import type { SimulatedModel } from '../models/model-memory.ts';
import type { Clock } from '../platform/clock.ts';

/** A node raised an exception: ends the prompt with execution_error. `type` is Python's exception type. */
export class NodeFailure extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** A node saw the interrupt flag. */
export class ProcessingInterrupted extends Error {}

/** A picture sent while a node runs: encoded bytes and their type. */
export interface ProgressImage {
  readonly type: 'jpeg' | 'png';
  readonly bytes: Buffer;
}

/** What a running node can use. */
export interface NodeContext {
  readonly nodeId: string;
  readonly classType: string;
  /** A literal input as JSON, or the value at the end of its link. */
  input(name: string): unknown;
  text(name: string, fallback?: string): string;
  number(name: string, fallback?: number): number;
  /** Reports progress; throws ProcessingInterrupted if the prompt was interrupted. */
  progress(value: number, max: number, image?: ProgressImage): void;
  /** Shows a text on the node: a binary message of event 3, to every socket. */
  sendText(text: string): void;
  /** Waits; returns early and throws when the prompt is interrupted. */
  wait(ms: number): Promise<void>;
  /** Makes a model resident; resolves after its load time if it was cold. */
  loadModel(model: SimulatedModel): Promise<void> | undefined;
  findModel(name: string): SimulatedModel | undefined;
  /** Writes a result file and records it in the ledger. */
  writeFile(folder: 'output' | 'temp', path: string, bytes: Buffer): void;
  /** Five random letters that stay the same while the node stays in the graph. */
  temporarySuffix(): string;
  /** `length` random hexadecimal digits, different each time. */
  randomHex(length: number): string;
  readonly files: FileStore;
  readonly encoder: FrameEncoder;
  readonly clock: Clock;
  readonly promptJson: string;
  readonly extraPngInfo: JsonObject | undefined;
  readonly disableMetadata: boolean;
  readonly stepMs: number;
  readonly previews: boolean;
}

/** Outputs by slot, and what the node shows (`executed.output`), if anything. */
export interface NodeResult {
  readonly outputs: readonly unknown[];
  readonly ui?: Readonly<Record<string, Writable>>;
}

/** A node's code. Work that takes no time returns without a promise. */
export type NodeRun = (context: NodeContext) => NodeResult | Promise<NodeResult>;

/** One node class the simulator can run. */
export interface NodeDefinition {
  readonly run: NodeRun;
  /** Python `async def`: such nodes are started first. */
  readonly isAsync?: boolean;
  /** VALIDATE_INPUTS of the class: the inputs it checks, and true or a message. */
  readonly validate?: {
    readonly names: readonly string[];
    readonly check: (inputs: ReadonlyMap<string, Json>, files: FileStore) => true | string;
  };
  /** IS_CHANGED of the class: a text that changes when the node must run again. */
  readonly changeMark?: (inputs: JsonObject, files: FileStore) => string;
}
