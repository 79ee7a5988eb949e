import type { PromptWorker } from '../execution/prompt-worker.ts';
import type { FaultScript } from '../faults/fault-script.ts';
import type { FileStore } from '../files/file-store.ts';
import type { Json } from '../json/lossless-json.ts';
import type { Ledger } from '../ledger.ts';
import type { ModelMemory } from '../models/model-memory.ts';
import type { Catalog } from '../nodes/catalog.ts';
import type { CompiledOptions } from '../options.ts';
import type { History } from '../queue/history.ts';
import type { PromptQueue } from '../queue/prompt-queue.ts';
import type { SocketHub } from '../socket/socket-hub.ts';
import type { Reply, SimRequest } from './reply.ts';

/** A file of the only user. `writtenMs`: wall clock. */
export interface UserFile {
  readonly bytes: Buffer;
  readonly writtenMs: number;
}

/** State that routes can use. */
export interface ServerState {
  readonly options: CompiledOptions;
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly hub: SocketHub;
  readonly queue: PromptQueue;
  readonly history: History;
  readonly worker: PromptWorker;
  readonly models: ModelMemory;
  readonly faults: FaultScript;
  readonly ledger: Ledger;
  readonly userFiles: Map<string, UserFile>;
  readonly settings: Map<string, Json>;
  readonly logLines: LogEntry[];
  /** Increments the prompt counter: for each POST without `number`, refused ones included. */
  takeNumber(): number;
  announceQueue(): void;
  nextPromptId(): string;
}

/** One write to the console, line break included, with its time from Python's `isoformat()`, to the microsecond. */
export interface LogEntry {
  readonly t: string;
  readonly m: string;
}

/** One route's code. */
export type RouteHandler = (request: SimRequest, state: ServerState) => Reply | Promise<Reply>;

/** `METHOD /path/{param}` → handler. Paths are without `/api`; `apiOnly` ones exist only with it. */
export interface Route {
  readonly method: string;
  readonly pattern: readonly string[];
  readonly handler: RouteHandler;
  readonly where: 'both' | 'plain' | 'api';
}

/** Declares a route that exists plain and below /api. */
export function route(
  method: string,
  path: string,
  handler: RouteHandler,
  where: Route['where'] = 'both',
): Route {
  return { method, pattern: path.split('/').slice(1), handler, where };
}
