import type { Graph } from '../graphs/graph.ts';
import { createProgressState, nextProgress, type ProgressState } from '../progress/progress-state.ts';
import type { PromptFollower } from '../prompt/prompt-follower.ts';
import type { ImageFrame } from '../socket/binary-frame.ts';
import type { SocketMessage } from '../socket/socket-message.ts';
import type { SessionPreview } from './session-events.ts';

/** An image that a SaveImageWebsocket node sent over the socket; it is neither in the history nor in a file. */
export interface SocketImage {
  nodeId: string;
  mimeType: string;
  image: Uint8Array;
}

/** What a message changed, for lines and events. */
export interface TrackedChange {
  newNode: boolean;
  newStep: boolean;
  progress: ProgressState;
}

/** A prompt of a session, with its follower, progress and socket images. */
export class TrackedPrompt {
  readonly promptId: string;
  readonly follower: PromptFollower;
  readonly startedMs: number;
  readonly socketImages: SocketImage[] = [];
  readonly #graph: Graph;
  progress: ProgressState;
  lastHeardMs: number;
  lastShownMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    promptId: string;
    graph: Graph;
    outputNodeIds: readonly string[];
    follower: PromptFollower;
    nowMs: number;
  }) {
    this.promptId = options.promptId;
    this.follower = options.follower;
    this.startedMs = options.nowMs;
    this.lastHeardMs = options.nowMs;
    this.#graph = options.graph;
    this.progress = createProgressState(options);
  }

  /** Applies a message about this prompt. Returns null when nothing visible changed. */
  receive(message: SocketMessage, nowMs: number): TrackedChange | null {
    this.lastHeardMs = nowMs;
    const before = this.progress;
    this.progress = nextProgress(before, message);
    if (this.progress === before) return null;
    const newNode = this.progress.currentNodeId !== before.currentNodeId;
    const newStep = this.progress.step !== before.step && message.type === 'progress';
    return { newNode, newStep, progress: this.progress };
  }

  /** Applies a binary frame: a preview, or an image of a SaveImageWebsocket node, which is kept. */
  receiveImage(frame: ImageFrame, nowMs: number): SessionPreview {
    this.lastHeardMs = nowMs;
    const nodeId = frame.event === 4 ? (frame.displayNodeId ?? frame.nodeId) : this.progress.currentNodeId;
    const image = frame.image.slice();
    if (nodeId !== null && this.#graph[nodeId]?.class_type === 'SaveImageWebsocket') {
      this.socketImages.push({ nodeId, mimeType: frame.mimeType, image });
    }
    return { promptId: this.promptId, nodeId, mimeType: frame.mimeType, image };
  }
}
