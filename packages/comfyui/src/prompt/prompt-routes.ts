import type { ImageFrame } from '../socket/binary-frame.ts';
import { readPromptId, type SocketMessage } from '../socket/socket-message.ts';
import type { PromptFollower } from './prompt-follower.ts';

/** A prompt as far as routing needs it. */
export interface RoutedPrompt {
  readonly follower: Pick<PromptFollower, 'promptId' | 'phase' | 'onMessage' | 'onReconnected'>;
}

/** Everything one socket says, brought to the prompts it is about. */
export class PromptRoutes<P extends RoutedPrompt> {
  readonly #prompts = new Map<string, P>();
  #running: P | null = null;

  get size(): number {
    return this.#prompts.size;
  }

  /** Registers a prompt: before it is submitted, so that no message comes too early. */
  add(prompt: P): void {
    this.#prompts.set(prompt.follower.promptId, prompt);
  }

  remove(promptId: string): void {
    if (this.#running !== null && this.#running === this.#prompts.get(promptId)) this.#running = null;
    this.#prompts.delete(promptId);
  }

  find(promptId: string): P | null {
    return this.#prompts.get(promptId) ?? null;
  }

  list(): P[] {
    return [...this.#prompts.values()];
  }

  /** True while this prompt is the one whose frames come now. */
  isRunning(promptId: string): boolean {
    return this.#running?.follower.promptId === promptId;
  }

  /** Feeds a message to the followers it concerns; the answer is the prompt it is about, if it is one of these. */
  onMessage(message: SocketMessage): P | null {
    const promptId = readPromptId(message);
    const own = promptId === null ? null : this.find(promptId);
    // A falling count or the next prompt's start says that something ended: everyone looks.
    const isForAll = message.type === 'status' || message.type === 'execution_start';
    if (isForAll) for (const { follower } of this.list()) follower.onMessage(message);
    else own?.follower.onMessage(message);
    if (own && (message.type === 'execution_start' || message.type === 'executing')) this.#running = own;
    return own;
  }

  /** The socket came back: what it said meanwhile was missed. */
  onReconnected(): void {
    for (const { follower } of this.list()) follower.onReconnected();
  }

  /** Whose image a frame carries; one that names no prompt belongs to the prompt that runs. */
  findOwner(frame: ImageFrame): P | null {
    if (frame.event === 4 && frame.promptId !== null) return this.find(frame.promptId);
    return this.#running ?? this.list().find(({ follower }) => follower.phase === 'running') ?? null;
  }
}
