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

/** The part of a worker's socket that following needs; the fleet owns it and keeps it drained. */
export interface TrackedSocket {
  readonly state: { readonly phase: string };
  onMessage(listener: (message: SocketMessage) => void): () => void;
  onBinary(listener: (frame: BinaryFrame) => void): () => void;
  onState(listener: (state: { phase: string }) => void): () => void;
}

export interface TrackOptions {
  promptId: string;
  graph: Graph;
  outputNodeIds: readonly string[];
  resumed: boolean;
  onStarted: () => void;
  /** `available` is false while the socket that carries progress is lost. */
  onProgress: (progress: ProgressState, available: boolean) => void;
  /** Given when someone watches; newest only. */
  onPreview: (nodeId: string, mimeType: string, image: Uint8Array) => void;
}

interface Tracked {
  follower: PromptFollower;
  options: TrackOptions;
  progress: ProgressState;
  started: boolean;
}

const MANY_PROMPTS = 500;
/** Ids kept after their end, so that a late or repeated message is not taken for a stranger's. */
const MAX_RECENT = 1000;

const END_TYPES = new Set(['execution_success', 'execution_error', 'execution_interrupted']);

/** Everything one worker's socket says, brought to the prompts it is about; one per worker, for all its prompts. */
export class WorkerTracker {
  readonly #http: ComfyHttp;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tracked = new PromptRoutes<Tracked>();
  readonly #late: LatePrompts;
  readonly #unsubscribe: (() => void)[];
  /** Prompts followed on all workers: above 500 each is polled more slowly. */
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
   * Which opening of the socket holds now; null while it is not open. A worker that restarts closes it, so the same number
   * before and after means the same process.
   */
  get connection(): number | null {
    return this.#socket.state.phase === 'open' ? this.#openings : null;
  }

  /** Registers a prompt before it is submitted, so that no message comes too early. */
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

  /** For a prompt that its task has left and that may still turn up on this worker: it is stopped as soon as it does. */
  watchForLatePrompt(promptId: string): void {
    this.#late.add(promptId);
    this.#late.recheck();
  }

  /** True while this prompt is the one whose frames come now. */
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

  /** Ends of prompts that nobody follows: people's own on this worker, or a confused worker's (A16). */
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
    tracked.options.onProgress(next, true);
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
    else for (const { options, progress } of this.#tracked.list()) options.onProgress(progress, false);
  }
}
