import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { type Graph, type GraphProblem, parseGraph } from '../graphs/graph.ts';
import { applyUpdates, type GraphUpdates } from '../graphs/select-nodes.ts';
import { ComfyError } from '../http/comfy-error.ts';
import { ComfyHttp } from '../http/comfy-http.ts';
import { parseLosslessJson } from '../json/lossless-json.ts';
import { environment } from '../platform/environment.ts';
import { ComfySession, type PromptResult } from '../session/comfy-session.ts';
import type { PendingTask, SessionEvents } from '../session/session-events.ts';
import type { SessionLanguage } from '../session/session-texts.ts';
import { ComfySocket } from '../socket/comfy-socket.ts';
import { systemClock } from '../time/system-clock.ts';
import { saveOutputs } from './save-outputs.ts';
import { findServer, listBaseUrls, readServerSettings, type ServerSettings } from './server-address.ts';
import { createNodeTransport, type NodeTransport } from './undici-transport.ts';
import { createNodeDialer } from './ws-dialer.ts';

/** The server's address; omitted values come from COMFYUI_HOST, COMFYUI_PORT, COMFYUI_TIMEOUT, else 127.0.0.1, 8188, 900 s. */
export interface ComfyUIOptions {
  host?: string;
  port?: number;
  timeoutMs?: number;
  /** As `ComfySessionOptions.unreachableMs`. */
  unreachableMs?: number;
  /** Headers for every request, for servers behind a proxy. */
  headers?: Record<string, string>;
  language?: SessionLanguage;
}

/** How to run one workflow. */
export interface ProcessOptions {
  /** Name of the saved files, without extension. */
  fileName?: string;
  /** Close the connection afterwards. Default true; pass false for all items of a batch and call `close` at its end. */
  autoClose?: boolean;
  includeTemporary?: boolean;
  signal?: AbortSignal;
}

/** A finished workflow: paths of the saved files in addition to all outputs. */
export interface ProcessResult extends PromptResult {
  files: string[];
}

/** One ComfyUI server for scripts: runs any number of workflows over one connection, and saves their files. */
export class ComfyUI {
  readonly #settings: ServerSettings;
  readonly #options: ComfyUIOptions;
  readonly #transport: NodeTransport;
  /** Listeners added before the search for the server. */
  readonly #early: ((session: ComfySession) => void)[] = [];
  #session: Promise<ComfySession> | null = null;
  #current: ComfySession | null = null;
  #lastError: unknown = null;

  constructor(options: ComfyUIOptions = {}) {
    this.#options = options;
    this.#settings = readServerSettings(options, environment);
    this.#transport = createNodeTransport();
  }

  /** True while the WebSocket is open. */
  get connected(): boolean {
    return this.#current?.connected ?? false;
  }

  /** Unfinished workflows, by prompt id. */
  get pendingTasks(): ReadonlyMap<string, PendingTask> {
    return this.#current?.pendingTasks ?? new Map();
  }

  /** Socket upgrades of the current connection: 1 for a whole batch, unless the network broke. */
  get upgrades(): number {
    return this.#current?.upgrades ?? 0;
  }

  /** Opens the connection; does nothing if it is open. */
  async connectWebSocket(signal?: AbortSignal): Promise<void> {
    await (await this.#open()).connectWebSocket(signal);
  }

  /** Closes the connection; safe to call twice, and the next workflow opens a new one. */
  async close(): Promise<void> {
    await this.#current?.close();
  }

  /** Listens to progress, preview, line or log; returns the function that stops it. */
  on<E extends keyof SessionEvents>(event: E, listener: (data: SessionEvents[E]) => void): () => void {
    let active = true;
    const guarded = (data: SessionEvents[E]): void => {
      if (active) listener(data);
    };
    if (this.#current !== null) this.#current.on(event, guarded);
    else this.#early.push((session) => session.on(event, guarded));
    return () => {
      active = false;
    };
  }

  /**
   * Runs a workflow (graph, its JSON text, or the path of a JSON file) with `updates` applied to a copy, and saves its files
   * below `outputPath`. Throws ComfyError; see `ComfySession.runPrompt`.
   */
  async processWorkflow(
    workflow: Graph | string,
    updates: GraphUpdates | null,
    outputPath: string,
    options: ProcessOptions = {},
  ): Promise<ProcessResult> {
    const { autoClose = true, signal, fileName, includeTemporary } = options;
    try {
      const graph = await prepareGraph(workflow, updates ?? []);
      const session = await this.#open();
      const result = await session.runPrompt(graph, signal === undefined ? {} : { signal });
      const from = { http: session.http, clock: systemClock };
      const saving = { folder: outputPath, fileName, includeTemporary, signal };
      return { ...result, files: await saveOutputs(from, result, saving) };
    } catch (error) {
      this.#lastError = error;
      throw error;
    } finally {
      if (autoClose) await this.close();
    }
  }

  /** Prints the pending workflows as lines and returns them. */
  debugTaskStatus(): PendingTask[] {
    return this.#current?.debugTaskStatus() ?? [];
  }

  /** Checks one workflow now; logs an error instead of throwing. Returns true if it has ended. */
  async checkTaskStatusManually(promptId: string): Promise<boolean> {
    return (await this.#open()).checkTaskStatusManually(promptId);
  }

  /** Writes the last error, the pending workflows and the end of the server's log into one JSON file (CL16). */
  async writeDiagnosis(path: string): Promise<void> {
    const { http } = await this.#open();
    const log = await http.loadLogs().catch((error: unknown) => [`log not readable: ${String(error)}`]);
    const stats = await http.loadSystemStats().catch((error: unknown) => ({ unreadable: String(error) }));
    const bundle = {
      server: http.baseUrl,
      stats,
      last_error: describeError(this.#lastError),
      pending: [...this.pendingTasks.values()],
      log: log.slice(-200),
    };
    await writeFile(path, `${JSON.stringify(bundle, null, 2)}\n`);
  }

  #open(): Promise<ComfySession> {
    this.#session ??= this.#openSession();
    return this.#session;
  }

  async #openSession(): Promise<ComfySession> {
    const { headers, language, unreachableMs } = this.#options;
    const baseUrl = await findServer(listBaseUrls(this.#settings), this.#transport);
    const dialer = createNodeDialer();
    const session = new ComfySession({
      http: new ComfyHttp({ baseUrl, transport: this.#transport, headers }),
      createSocket: () =>
        new ComfySocket({
          baseUrl,
          dialer,
          headers,
          clock: systemClock,
          random: Math.random,
          createId: randomUUID,
        }),
      clock: systemClock,
      createId: randomUUID,
      timeoutMs: this.#settings.timeoutMs,
      ...(unreachableMs === undefined ? {} : { unreachableMs }),
      language,
    });
    for (const listen of this.#early.splice(0)) listen(session);
    this.#current = session;
    return session;
  }
}

async function prepareGraph(workflow: Graph | string, updates: GraphUpdates): Promise<Graph> {
  const value = typeof workflow === 'string' ? parseLosslessJson(await readWorkflow(workflow)) : workflow;
  const parsed = parseGraph(value);
  if (!parsed.ok) throw invalidGraph(parsed.problems);
  const updated = applyUpdates(parsed.graph, updates);
  if (updated.problems.length > 0) throw invalidGraph(updated.problems);
  return updated.graph;
}

function readWorkflow(textOrPath: string): Promise<string> | string {
  return textOrPath.trimStart().startsWith('{') ? textOrPath : readFile(textOrPath, 'utf8');
}

function invalidGraph(problems: GraphProblem[]): ComfyError {
  const message = problems.map((problem) => problem.message).join('; ');
  return new ComfyError('INVALID_GRAPH', message, { details: { problems } });
}

function describeError(error: unknown): unknown {
  if (error instanceof ComfyError) {
    return {
      code: error.code,
      message: error.message,
      details: error.details,
      cause: describeError(error.cause),
    };
  }
  return error instanceof Error ? { message: error.message, stack: error.stack } : (error ?? null);
}
