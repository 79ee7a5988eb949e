import type { CollectedOutput } from '../completion/collected-output.ts';
import type { Graph } from '../graphs/graph.ts';
import { readRequirements } from '../graphs/requirements.ts';
import { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import { PromptFollower } from '../prompt/prompt-follower.ts';
import { PromptRoutes } from '../prompt/prompt-routes.ts';
import type { ComfySocket } from '../socket/comfy-socket.ts';
import type { SocketMessage } from '../socket/socket-message.ts';
import type { Clock } from '../time/clock.ts';
import { toSessionLog } from './follower-log.ts';
import { executePrompt } from './prompt-run.ts';
import { SessionConnection } from './session-connection.ts';
import type { PendingTask, SessionEvents } from './session-events.ts';
import { SessionReporter } from './session-reporter.ts';
import type { SessionLanguage } from './session-texts.ts';
import { type SocketImage, TrackedPrompt } from './tracked-prompt.ts';

/** Options of a session. */
export interface ComfySessionOptions {
  http: ComfyHttp;
  /** Creates the socket of a connection, not started. */
  createSocket: () => ComfySocket;
  clock: Clock;
  /** Lowercase UUIDs, used as prompt ids. */
  createId: () => string;
  /** Timeout of one prompt, ms. Default 900 s. */
  timeoutMs?: number;
  /**
   * How long the server may be unreachable after an unanswered submission, ms, before `runPrompt` throws OUTCOME_UNKNOWN.
   * Default 120 s.
   */
  unreachableMs?: number;
  /** How long without a message until a warning, ms. Default 60 s. */
  silenceMs?: number;
  /** Polling interval while a prompt runs, ms. Default 1 s. */
  pollMs?: number;
  /** How long to wait for a connection before polling instead, ms. Default 3 s. */
  connectMs?: number;
  language?: SessionLanguage;
}

/** Result of a prompt. `socketImages` are those of SaveImageWebsocket nodes. */
export interface PromptResult {
  promptId: string;
  outputs: CollectedOutput[];
  socketImages: SocketImage[];
  elapsedMs: number;
}

/**
 * Runs many prompts over one socket to one server. Prompts are registered before they are sent, and end by the server's history;
 * while the socket is closed they are followed by polling. For browsers and Node; `ComfyUI` in the Node entry adds files.
 */
export class ComfySession {
  readonly http: ComfyHttp;
  readonly #options: Required<Omit<ComfySessionOptions, 'language'>>;
  readonly #reporter: SessionReporter;
  readonly #prompts = new PromptRoutes<TrackedPrompt>();
  readonly #connection: SessionConnection;
  #announced = false;
  /** The connection did not open in time: prompts are polled, while it keeps trying in the background. */
  #polling = false;

  constructor(options: ComfySessionOptions) {
    const defaults = { timeoutMs: 900_000, unreachableMs: 120_000, silenceMs: 60_000, pollMs: 1000 };
    this.#options = { ...defaults, connectMs: 3000, ...options };
    this.http = options.http;
    this.#reporter = new SessionReporter(options.language ?? 'en');
    this.#connection = new SessionConnection({
      ...this.#options,
      onSocket: (socket) => this.#listenTo(socket),
    });
  }

  /** Subscribes to progress, preview, line or log. Returns a function that unsubscribes. */
  on<E extends keyof SessionEvents>(event: E, listener: (data: SessionEvents[E]) => void): () => void {
    return this.#reporter.on(event, listener);
  }

  /** True while the socket is open. */
  get connected(): boolean {
    return this.#connection.isOpen;
  }

  /** Successful socket upgrades of the current connection. */
  get upgrades(): number {
    return this.#connection.socket?.upgrades ?? 0;
  }

  /** Prompts that have not ended, by prompt id. */
  get pendingTasks(): ReadonlyMap<string, PendingTask> {
    return new Map(this.#prompts.list().map((prompt) => [prompt.promptId, this.#describe(prompt)]));
  }

  /** Opens the connection, unless it is open. Throws ComfyError CONNECTION_REFUSED after `connectMs`. */
  async connectWebSocket(signal?: AbortSignal): Promise<void> {
    if (this.connected) return;
    if (!(await this.#connection.open(signal))) {
      throw new ComfyError('CONNECTION_REFUSED', `No WebSocket connection to ${this.http.baseUrl}`);
    }
    this.#announced = true;
    this.#reporter.print(this.#reporter.texts.connected());
  }

  /** Closes the connection; safe to call twice. Running prompts are then followed by polling. */
  async close(): Promise<void> {
    if (this.#connection.socket === null) return;
    if (this.#announced) this.#reporter.print(this.#reporter.texts.closing());
    this.#announced = false;
    await this.#connection.close();
  }

  /**
   * Runs one graph to its end, over the connection or by polling. It is sent at most once: if the answer is lost, the prompt is
   * looked up. Throws ComfyError: PROMPT_REFUSED, PROMPT_FAILED, PROMPT_INTERRUPTED, PROMPT_LOST, TIMEOUT, ABORTED;
   * OUTCOME_UNKNOWN when it may have run and the server stays unreachable for `unreachableMs`. Aborting stops the prompt on the
   * server.
   */
  async runPrompt(graph: Graph, options: { signal?: AbortSignal } = {}): Promise<PromptResult> {
    const { signal } = options;
    if (!this.connected && !this.#polling && !(await this.#connection.open(signal))) {
      this.#polling = true;
      this.#reporter.print(this.#reporter.texts.polling());
    }
    const prompt = this.#track(graph);
    const stopWarning = this.#reporter.warnOfSilence(prompt, this.#options.clock, this.#options.silenceMs);
    try {
      const job = { ...this.#options, prompt, graph, reporter: this.#reporter, signal };
      const end = await executePrompt({ ...job, socket: this.#connection.socket });
      return this.#conclude(prompt, end.outputs);
    } finally {
      stopWarning();
      prompt.follower.stop();
      this.#prompts.remove(prompt.promptId);
    }
  }

  /** Prints the pending tasks and returns them (CL8). */
  debugTaskStatus(): PendingTask[] {
    const tasks = [...this.pendingTasks.values()];
    this.#reporter.print(
      `${tasks.length} pending, WebSocket ${this.#connection.socket?.state.phase ?? 'closed'}, ${this.http.baseUrl}`,
    );
    for (const task of tasks) {
      const seconds = (task.ageMs / 1000).toFixed(1);
      this.#reporter.print(
        `  ${task.promptId} ${task.phase} ${seconds} s ${(task.fraction * 100).toFixed(1)}%`,
      );
    }
    return tasks;
  }

  /** Checks one prompt now, and finishes it if its history is complete (CL9). Logs errors; returns true when it has ended. */
  async checkTaskStatusManually(promptId: string): Promise<boolean> {
    const prompt = this.#prompts.find(promptId);
    if (prompt === null) {
      this.#reporter.log({ step: 'check_failed', promptId, message: 'No such pending prompt' });
      return false;
    }
    return prompt.follower.check();
  }

  #track(graph: Graph): TrackedPrompt {
    const { clock, createId, pollMs } = this.#options;
    const promptId = createId();
    const { outputNodeIds } = readRequirements(graph);
    const follower = new PromptFollower({
      http: this.http,
      clock,
      promptId,
      pollMs: () => pollMs,
      report: (report) => {
        const log = toSessionLog(promptId, report);
        if (log !== null) this.#reporter.log(log);
      },
    });
    const prompt = new TrackedPrompt({
      promptId,
      graph,
      outputNodeIds,
      follower,
      nowMs: clock.monotonicMs(),
    });
    this.#prompts.add(prompt);
    return prompt;
  }

  #conclude(prompt: TrackedPrompt, outputs: CollectedOutput[]): PromptResult {
    const { promptId, socketImages } = prompt;
    const elapsedMs = this.#options.clock.monotonicMs() - prompt.startedMs;
    prompt.progress = { ...prompt.progress, fraction: 1, currentNodeId: null, currentClass: null };
    this.#reporter.emit('progress', prompt.progress);
    this.#reporter.print(this.#reporter.texts.done(promptId, (elapsedMs / 1000).toFixed(2)));
    return { promptId, outputs, socketImages, elapsedMs };
  }

  #listenTo(socket: ComfySocket): void {
    socket.onMessage((message) => this.#receive(message));
    socket.onBinary((frame) => {
      if (frame.event === 3) return;
      const nowMs = this.#options.clock.monotonicMs();
      const preview = this.#prompts.findOwner(frame)?.receiveImage(frame, nowMs);
      if (preview) this.#reporter.emit('preview', preview);
    });
    socket.onState((state) => {
      if (state.phase !== 'open') return;
      this.#polling = false;
      this.#prompts.onReconnected();
    });
    socket.onProblem(({ kind, message, cause }) =>
      this.#reporter.log({ step: 'socket_problem', promptId: null, message: `${kind}: ${message}`, cause }),
    );
  }

  #receive(message: SocketMessage): void {
    if (message.type === 'executing' && message.data.prompt_id === null) {
      const shown = JSON.stringify(message.data);
      this.#reporter.log({
        step: 'invalid_message',
        promptId: null,
        message: `executing without prompt_id: ${shown}`,
      });
      return;
    }
    const nowMs = this.#options.clock.monotonicMs();
    if (message.type === 'status' && this.#prompts.size > 0)
      this.#reporter.reportQueue(message.data.queue_remaining);
    const prompt = this.#prompts.onMessage(message);
    const change = prompt?.receive(message, nowMs);
    if (prompt && change) this.#reporter.reportChange(prompt, change, nowMs);
  }

  #describe(prompt: TrackedPrompt): PendingTask {
    const nowMs = this.#options.clock.monotonicMs();
    return {
      promptId: prompt.promptId,
      ageMs: nowMs - prompt.startedMs,
      phase: prompt.follower.phase,
      fraction: prompt.progress.fraction,
      currentNodeId: prompt.progress.currentNodeId,
      silentMs: nowMs - prompt.lastHeardMs,
      serverUrl: this.http.baseUrl,
      connected: this.connected,
    };
  }
}
