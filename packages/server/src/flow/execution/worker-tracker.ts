import {
  type BinaryFrame,
  type ComfyHttp,
  createProgressState,
  type Graph,
  nextProgress,
  type ProgressState,
  PromptFollower,
  PromptRoutes,
  readPromptId,
  type SocketMessage,
} from '@comfleet/comfyui';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { ExecutionCounters } from './execution-counters.ts';
import { LatePrompts } from './late-prompts.ts';
import { reportFollowing } from './prompt-reports.ts';

/** The part of a worker's socket that following needs; the fleet owns the socket and reads it. */
export interface TrackedSocket {
  readonly state: { readonly phase: string };
  onMessage(listener: (message: SocketMessage) => void): () => void;
  onBinary(listener: (frame: BinaryFrame) => void): () => void;
  onState(listener: (state: { phase: string }) => void): () => void;
}

/** How far a prompt is. */
export interface SeenProgress {
  readonly state: ProgressState;
  /** False while the socket is closed, so that no progress arrives. */
  readonly available: boolean;
}

export interface TrackOptions {
  promptId: string;
  graph: Graph;
  outputNodeIds: readonly string[];
  resumed: boolean;
  onStarted: () => void;
  onProgress: (progress: SeenProgress) => void;
  /** Latest preview only. */
  onPreview: (nodeId: string, mimeType: string, image: Uint8Array) => void;
}

interface Tracked {
  follower: PromptFollower;
  options: TrackOptions;
  progress: ProgressState;
  started: boolean;
}

const MANY_PROMPTS = 500;
/** How many ended prompts are remembered, so that late or repeated messages do not count as foreign ones. */
const MAX_RECENT = 1000;

const END_TYPES = new Set(['execution_success', 'execution_error', 'execution_interrupted']);

/** Routes all messages of one worker's socket to its followed prompts. */
export class WorkerTracker {
  readonly #http: ComfyHttp;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tracked = new PromptRoutes<Tracked>();
  readonly #late: LatePrompts;
  readonly #unsubscribe: (() => void)[];
  /** How many prompts are followed on all workers; above 500 each is polled less often. */
  readonly #openEverywhere: () => number;
  readonly #counters: ExecutionCounters;
  readonly #recent = new Set<string>();
  readonly #socket: TrackedSocket;
  #wasOpen = true;
  #openings = 0;

  constructor(
    worker: { http: ComfyHttp; socket: TrackedSocket },
    deps: {
      clock: Clock;
      logger: Logger;
      openEverywhere: () => number;
      counters: ExecutionCounters;
    },
  ) {
    this.#http = worker.http;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#openEverywhere = deps.openEverywhere;
    this.#counters = deps.counters;
    this.#socket = worker.socket;
    this.#late = new LatePrompts({ http: worker.http, ...deps });
    this.#unsubscribe = [
      worker.socket.onMessage((message) => this.#onMessage(message)),
      worker.socket.onBinary((frame) => this.#onBinary(frame)),
      worker.socket.onState((state) => this.#onState(state.phase)),
    ];
  }

  get size(): number {
    return this.#tracked.size;
  }

  /**
   * Number of the current socket connection; null while it is closed. A worker that restarts closes its socket, so an equal
   * number means the same process.
   */
  get connection(): number | null {
    return this.#socket.state.phase === 'open' ? this.#openings : null;
  }

  /** Registers a prompt before it is submitted, so that no message is missed. */
  track(options: TrackOptions): PromptFollower {
    const follower = new PromptFollower({
      promptId: options.promptId,
      http: this.#http,
      clock: this.#clock,
      pollMs: () => (this.#openEverywhere() > MANY_PROMPTS ? 5000 : 1000),
      resumed: options.resumed,
      report: reportFollowing(this.#logger, options.promptId),
    });
    const { promptId, graph, outputNodeIds } = options;
    const progress = createProgressState({ promptId, graph, outputNodeIds });
    this.#tracked.add({ follower, options, progress, started: false });
    return follower;
  }

  find(promptId: string): PromptFollower | null {
    return this.#tracked.find(promptId)?.follower ?? null;
  }

  untrack(promptId: string): void {
    const tracked = this.#tracked.find(promptId);
    if (!tracked) return;
    tracked.follower.stop();
    this.#tracked.remove(promptId);
    this.#remember(promptId);
  }

  /** Watches for a prompt of an attempt that is over: it is stopped as soon as it turns up on this worker. */
  watchForLatePrompt(promptId: string): void {
    this.#late.add(promptId);
    this.#late.recheck();
  }

  /** True while this prompt is the one that sends frames. */
  isRunning(promptId: string): boolean {
    return this.#tracked.isRunning(promptId);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const { follower } of this.#tracked.list()) this.untrack(follower.promptId);
  }

  #onMessage(message: SocketMessage): void {
    const promptId = readPromptId(message);
    if (message.type === 'status' || message.type === 'execution_start') this.#late.recheck();
    if (promptId === null && message.type === 'executing')
      this.#logger.debug('socket.executing_without_prompt', { data: message.data });
    const tracked = this.#tracked.onMessage(message);
    if (tracked) this.#onProgressMessage(tracked, message);
    else if (promptId !== null) this.#countStranger(promptId, message);
  }

  #remember(promptId: string): void {
    this.#recent.add(promptId);
    const [oldest] = this.#recent;
    if (this.#recent.size > MAX_RECENT && oldest !== undefined) this.#recent.delete(oldest);
  }

  /** Counts ends of prompts that are not followed: other clients' prompts, or a confused worker's messages (A16). */
  #countStranger(promptId: string, message: SocketMessage): void {
    const isEnd = message.type === 'executing' ? message.data.node === null : END_TYPES.has(message.type);
    if (isEnd && !this.#recent.has(promptId)) this.#counters.foreignEnds += 1;
  }

  #onProgressMessage(tracked: Tracked, message: SocketMessage): void {
    if (!tracked.started) {
      tracked.started = true;
      tracked.options.onStarted();
    }
    const next = nextProgress(tracked.progress, message);
    if (next === tracked.progress) return;
    tracked.progress = next;
    tracked.options.onProgress({ state: next, available: true });
  }

  #onBinary(frame: BinaryFrame): void {
    if (frame.event === 3) return;
    const owner = this.#tracked.findOwner(frame);
    if (!owner) return;
    const nodeId =
      (frame.event === 4 ? (frame.displayNodeId ?? frame.nodeId) : owner.progress.currentNodeId) ?? '';
    owner.options.onPreview(nodeId, frame.mimeType, frame.image);
  }

  #onState(phase: string): void {
    const isOpen = phase === 'open';
    if (isOpen === this.#wasOpen) return;
    this.#wasOpen = isOpen;
    if (isOpen) {
      this.#openings += 1;
      this.#late.recheck();
    }
    if (isOpen) this.#tracked.onReconnected();
    else
      for (const { options, progress } of this.#tracked.list())
        options.onProgress({ state: progress, available: false });
  }
}
