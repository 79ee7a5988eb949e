import type { CollectedOutput } from '../completion/collected-output.ts';
import type { PromptEnd } from '../completion/prompt-outcome.ts';
import type { Graph } from '../graphs/graph.ts';
import { readRequirements } from '../graphs/requirements.ts';
import { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import type { ComfySocket } from '../socket/comfy-socket.ts';
import { Listeners } from '../socket/listeners.ts';
import type { SocketMessage } from '../socket/socket-message.ts';
import type { Clock } from '../time/clock.ts';
import { PromptFollower } from './prompt-follower.ts';
import type { PendingTask, SessionEvents, SessionLog } from './session-events.ts';
import { chooseTexts, type SessionLanguage, type SessionTexts } from './session-texts.ts';
import { submitOnce, withdrawPrompt } from './submit-once.ts';
import { type SocketImage, TrackedPrompt } from './tracked-prompt.ts';

/** What a session is made of. */
export interface ComfySessionOptions {
  http: ComfyHttp;
  /** Makes the one socket of a connection, not started. */
  createSocket: () => ComfySocket;
  clock: Clock;
  /** Lowercase UUIDs, used as prompt ids. */
  createId: () => string;
  /** Longest wait for one prompt, ms. Default 900 s. */
  timeoutMs?: number;
  /** Warn after this long without a message, ms. Default 60 s. */
  silenceMs?: number;
  /** Polling period while a prompt runs, ms. Default 1 s. */
  pollMs?: number;
  /** Wait for a connection before going on by polling, ms. Default 3 s. */
  connectMs?: number;
  language?: SessionLanguage;
}

/** A finished prompt. `socketImages` are those of SaveImageWebsocket nodes. */
export interface PromptResult {
  promptId: string;
  outputs: CollectedOutput[];
  socketImages: SocketImage[];
  elapsedMs: number;
}

const SHOW_EVERY_MS = 100;

/**
 * Many prompts over one socket to one server. Prompts are registered before they are sent, end by history, and go on by
 * polling while the socket is away. Browser and Node; `ComfyUI` in the Node entry adds files.
 */
export class ComfySession {
  readonly http: ComfyHttp;
  readonly #options: Required<Omit<ComfySessionOptions, 'language'>>;
  readonly #texts: SessionTexts;
  readonly #prompts = new Map<string, TrackedPrompt>();
  readonly #listeners: { [E in keyof SessionEvents]: Listeners<SessionEvents[E]> };
  #socket: ComfySocket | null = null;
  #announced = false;
  /** The connection did not open in time: go on by polling, while it keeps trying in the background. */
  #polling = false;
  #queueSaid = 0;

  constructor(options: ComfySessionOptions) {
    this.#options = { timeoutMs: 900_000, silenceMs: 60_000, pollMs: 1000, connectMs: 3000, ...options };
    this.http = options.http;
    this.#texts = chooseTexts(options.language ?? 'en');
    const logs = new Listeners<SessionLog>(() => undefined); // a failing log listener has nobody left to tell
    const report = (cause: unknown): void =>
      logs.emit({ step: 'listener_failed', promptId: null, message: 'A listener failed', cause });
    this.#listeners = {
      progress: new Listeners(report),
      preview: new Listeners(report),
      line: new Listeners(report),
      log: logs,
    };
  }

  /** Listens to progress, preview, line or log; returns the function that stops it. */
  on<E extends keyof SessionEvents>(event: E, listener: (data: SessionEvents[E]) => void): () => void {
    return this.#listeners[event].add(listener);
  }

  /** True while the socket is open. */
  get connected(): boolean {
    return this.#socket?.state.phase === 'open';
  }

  /** Successful socket upgrades of the present connection. */
  get upgrades(): number {
    return this.#socket?.upgrades ?? 0;
  }

  /** Prompts that have not ended, by prompt id. */
  get pendingTasks(): ReadonlyMap<string, PendingTask> {
    return new Map([...this.#prompts.values()].map((prompt) => [prompt.promptId, this.#describe(prompt)]));
  }

  /** Opens the one connection and says so; does nothing when it stands. Throws ComfyError CONNECTION_REFUSED after `connectMs`. */
  async connectWebSocket(signal?: AbortSignal): Promise<void> {
    if (this.connected) return;
    if (!(await this.#open(signal))) {
      throw new ComfyError('CONNECTION_REFUSED', `No WebSocket connection to ${this.http.baseUrl}`);
    }
    this.#announced = true;
    this.#say(this.#texts.connected());
  }

  /** Closes the connection; safe to call twice. Prompts that still run are followed by polling. */
  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    if (this.#announced) this.#say(this.#texts.closing());
    this.#announced = false;
    await socket.stop();
  }

  /**
   * Runs one graph to its end on the present connection, or by polling when there is none. Throws ComfyError: PROMPT_REFUSED,
   * PROMPT_FAILED, PROMPT_INTERRUPTED, PROMPT_LOST, TIMEOUT, ABORTED. Aborting takes the prompt back from the server.
   */
  async runPrompt(graph: Graph, options: { signal?: AbortSignal } = {}): Promise<PromptResult> {
    if (!this.connected && !this.#polling && !(await this.#open(options.signal))) {
      this.#polling = true;
      this.#say(this.#texts.polling());
    }
    const prompt = this.#track(graph);
    const stopWarning = this.#warnOfSilence(prompt);
    try {
      const { signal } = options;
      await this.#submit(prompt, graph, signal);
      const end = await this.#waitForEnd(prompt, signal);
      return this.#conclude(prompt, end);
    } finally {
      stopWarning();
      prompt.follower.stop();
      this.#prompts.delete(prompt.promptId);
    }
  }

  /** Writes the pending tasks as lines and returns them (CL8). */
  debugTaskStatus(): PendingTask[] {
    const tasks = [...this.pendingTasks.values()];
    this.#say(
      `${tasks.length} pending, WebSocket ${this.#socket?.state.phase ?? 'closed'}, ${this.http.baseUrl}`,
    );
    for (const task of tasks) {
      const seconds = (task.ageMs / 1000).toFixed(1);
      this.#say(`  ${task.promptId} ${task.phase} ${seconds} s ${(task.fraction * 100).toFixed(1)}%`);
    }
    return tasks;
  }

  /** Checks one prompt now and finishes it when its history is complete (CL9). Logs an error instead of throwing; true when it has ended. */
  async checkTaskStatusManually(promptId: string): Promise<boolean> {
    const prompt = this.#prompts.get(promptId);
    if (prompt === undefined) {
      this.#log({ step: 'check_failed', promptId, message: 'No such pending prompt' });
      return false;
    }
    try {
      return await prompt.follower.check();
    } catch (cause) {
      this.#log({ step: 'check_failed', promptId, message: 'Manual check failed', cause });
      return false;
    }
  }

  #track(graph: Graph): TrackedPrompt {
    const { clock, createId, pollMs } = this.#options;
    const promptId = createId();
    const { outputNodeIds } = readRequirements(graph);
    const follower = new PromptFollower({
      http: this.http,
      clock,
      promptId,
      pollMs,
      expectedOutputNodeIds: outputNodeIds,
      note: (note) =>
        this.#log({
          step: note.step,
          promptId,
          message: note.step === 'end_seen' ? note.reason : note.step,
          ...(note.step === 'check_failed' ? { cause: note.cause } : {}),
        }),
    });
    const prompt = new TrackedPrompt({
      promptId,
      graph,
      outputNodeIds,
      follower,
      nowMs: clock.monotonicMs(),
    });
    this.#prompts.set(promptId, prompt);
    return prompt;
  }

  async #submit(prompt: TrackedPrompt, graph: Graph, signal?: AbortSignal): Promise<void> {
    const watch = this.#socket?.expectStatus();
    const socketId = this.#socket?.socketId ?? prompt.promptId;
    const request = { graph, promptId: prompt.promptId, socketId, timeoutMs: 30_000 };
    if (signal?.aborted)
      throw new ComfyError('ABORTED', 'Aborted before POST /prompt', { cause: signal.reason });
    // An abort lets the POST finish: a prompt that may have arrived must be taken back, not forgotten.
    if (!(await submitOnce({ http: this.http, clock: this.#options.clock, signal }, request))) return;
    watch?.accepted();
    prompt.follower.noteSubmitted();
    this.#say(this.#texts.submitted(prompt.promptId));
    this.#say(this.#texts.waiting(prompt.promptId));
    this.#log({ step: 'submitted', promptId: prompt.promptId, message: 'accepted' });
  }

  async #waitForEnd(prompt: TrackedPrompt, signal?: AbortSignal): Promise<PromptEnd> {
    const { clock, timeoutMs } = this.#options;
    let cancelTimer: () => void = () => undefined;
    const abort = new Promise<'TIMEOUT' | 'ABORTED'>((resolve) => {
      cancelTimer = clock.setTimer(timeoutMs, () => resolve('TIMEOUT'));
      if (signal?.aborted) resolve('ABORTED');
      signal?.addEventListener('abort', () => resolve('ABORTED'), { once: true });
    });
    const end = await Promise.race([prompt.follower.ended, abort]);
    cancelTimer();
    if (typeof end !== 'string') return end;
    await withdrawPrompt(this.http, prompt.promptId).catch((cause: unknown) =>
      this.#log({
        step: 'check_failed',
        promptId: prompt.promptId,
        message: 'Could not take the prompt back',
        cause,
      }),
    );
    const message = end === 'TIMEOUT' ? `Not finished within ${timeoutMs / 1000} s` : 'Aborted';
    throw new ComfyError(end, message, { cause: signal?.reason, details: { promptId: prompt.promptId } });
  }

  #conclude(prompt: TrackedPrompt, end: PromptEnd): PromptResult {
    const { promptId, socketImages } = prompt;
    const elapsedMs = this.#options.clock.monotonicMs() - prompt.startedMs;
    if (end.kind === 'succeeded') {
      prompt.progress = { ...prompt.progress, fraction: 1, currentNodeId: null, currentClass: null };
      this.#listeners.progress.emit(prompt.progress);
      this.#say(this.#texts.done(promptId, (elapsedMs / 1000).toFixed(2)));
      return { promptId, outputs: end.outputs, socketImages, elapsedMs };
    }
    const error = toError(promptId, end);
    this.#say(this.#texts.failed(promptId, error.message));
    throw error;
  }

  async #open(signal?: AbortSignal): Promise<boolean> {
    if (this.#socket === null) {
      this.#socket = this.#options.createSocket();
      this.#listenTo(this.#socket);
      this.#socket.start();
    }
    const socket = this.#socket;
    if (socket.state.phase === 'open') return true;
    const giveUp = new AbortController();
    const cancel = this.#options.clock.setTimer(this.#options.connectMs, () => giveUp.abort());
    const forward = (): void => giveUp.abort();
    signal?.addEventListener('abort', forward, { once: true });
    try {
      await socket.whenOpen(giveUp.signal);
      return true;
    } catch {
      return false; // not open in time, which is the answer
    } finally {
      cancel();
      signal?.removeEventListener('abort', forward);
    }
  }

  #listenTo(socket: ComfySocket): void {
    socket.onMessage((message) => this.#receive(message));
    socket.onBinary((frame) => {
      const nowMs = this.#options.clock.monotonicMs();
      for (const prompt of this.#prompts.values()) {
        // A preview without owner belongs to the prompt that runs.
        if (frame.event === 1 && prompt.follower.phase !== 'running') continue;
        const preview = prompt.receiveBinary(frame, nowMs);
        if (preview !== null) this.#listeners.preview.emit(preview);
      }
    });
    socket.onState((state) => {
      if (state.phase !== 'open') return;
      this.#polling = false;
      for (const prompt of this.#prompts.values()) prompt.follower.noteReconnected();
    });
    socket.onProblem(({ kind, message, cause }) =>
      this.#log({ step: 'socket_problem', promptId: null, message: `${kind}: ${message}`, cause }),
    );
  }

  #receive(message: SocketMessage): void {
    if (message.type === 'executing' && message.data.prompt_id === null) {
      const shown = JSON.stringify(message.data);
      this.#log({
        step: 'invalid_message',
        promptId: null,
        message: `executing without prompt_id: ${shown}`,
      });
      return;
    }
    const nowMs = this.#options.clock.monotonicMs();
    if (message.type === 'status') this.#sayQueue(message.data.queue_remaining);
    for (const prompt of [...this.#prompts.values()]) {
      const change = prompt.receive(message, nowMs);
      if (change === null) continue;
      if (change.newNode && change.progress.currentNodeId !== null) {
        this.#say(this.#texts.node(change.progress.currentNodeId));
      }
      if (change.newNode || nowMs - prompt.lastShownMs >= SHOW_EVERY_MS) this.#show(prompt, nowMs);
    }
  }

  #sayQueue(remaining: number): void {
    if (remaining > 0 && remaining !== this.#queueSaid && this.#prompts.size > 0) {
      this.#say(this.#texts.queue(remaining));
    }
    this.#queueSaid = remaining;
  }

  #show(prompt: TrackedPrompt, nowMs: number): void {
    prompt.lastShownMs = nowMs;
    const { step, steps, fraction } = prompt.progress;
    this.#listeners.progress.emit(prompt.progress);
    // Only whole steps are worth a line; some nodes count in fractions.
    if (step === null || steps === null || steps <= 1 || !Number.isInteger(step) || fraction === 1) return;
    this.#say(this.#texts.progress(((step / steps) * 100).toFixed(1), step, steps));
  }

  #warnOfSilence(prompt: TrackedPrompt): () => void {
    const { clock, silenceMs } = this.#options;
    let cancel: () => void = () => undefined;
    const wait = (ms: number): void => {
      cancel = clock.setTimer(ms, () => {
        const silentMs = clock.monotonicMs() - prompt.lastHeardMs;
        if (silentMs < silenceMs) return wait(silenceMs - silentMs);
        const text = this.#texts.silent(Math.round(silentMs / 1000), prompt.progress.currentNodeId);
        this.#say(text);
        this.#log({ step: 'waiting_long', promptId: prompt.promptId, message: text });
        wait(silenceMs);
      });
    };
    wait(silenceMs);
    return () => cancel();
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

  #say(line: string): void {
    this.#listeners.line.emit(line);
  }

  #log(log: SessionLog): void {
    this.#listeners.log.emit(log);
  }
}

function toError(promptId: string, end: Exclude<PromptEnd, { kind: 'succeeded' }>): ComfyError {
  switch (end.kind) {
    case 'failed': {
      const { message, nodeId, nodeType, exceptionType, traceback } = end.error;
      const details = {
        promptId,
        exceptionType,
        traceback,
        ...(nodeId === null ? {} : { nodeId }),
        ...(nodeType === null ? {} : { nodeType }),
      };
      const where = nodeId === null ? '' : ` in node ${nodeId} (${nodeType ?? 'unknown'})`;
      return new ComfyError('PROMPT_FAILED', `${exceptionType}${where}: ${message}`, { details });
    }
    case 'interrupted':
      return new ComfyError('PROMPT_INTERRUPTED', 'Interrupted', { details: { promptId } });
    case 'lost':
    case 'unreadable':
      return new ComfyError('PROMPT_LOST', end.reason, { details: { promptId } });
  }
}
