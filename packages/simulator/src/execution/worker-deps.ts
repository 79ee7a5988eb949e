import type { FaultScript } from '../faults/fault-script.ts';
import type { FileStore } from '../files/file-store.ts';
import type { FrameEncoder } from '../images/frame.ts';
import type { Ledger } from '../ledger.ts';
import type { ModelMemory } from '../models/model-memory.ts';
import type { Catalog } from '../nodes/catalog.ts';
import type { CompiledOptions } from '../options.ts';
import type { History } from '../queue/history.ts';
import type { PromptQueue } from '../queue/prompt-queue.ts';
import type { SocketHub } from '../socket/socket-hub.ts';

/** Dependencies of the worker thread of a ComfyUI server. */
export interface WorkerDeps {
  readonly options: CompiledOptions;
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly encoder: FrameEncoder;
  readonly hub: SocketHub;
  readonly queue: PromptQueue;
  readonly history: History;
  readonly models: ModelMemory;
  readonly faults: FaultScript;
  readonly ledger: Ledger;
  readonly random: () => number;
  /** Broadcasts `status` with the number of prompts. */
  readonly announceQueue: () => void;
}

/** The server was restarted during a prompt: stop silently. */
export class RunAbandoned extends Error {}
