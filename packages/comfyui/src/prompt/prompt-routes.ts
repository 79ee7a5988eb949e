import type { ImageFrame } from '../socket/binary-frame.ts';
import { readPromptId, type SocketMessage } from '../socket/socket-message.ts';
import type { PromptFollower } from './prompt-follower.ts';

/** A prompt as far as routing needs it. */
export interface RoutedPrompt {
  readonly follower: Pick<PromptFollower, 'promptId' | 'phase' | 'onMessage' | 'onReconnected'>;
}

/** Routes the messages of one socket to the prompts that they are about. */
export class PromptRoutes<P extends RoutedPrompt> {
  readonly #prompts = new Map<string, P>();
  #running: P | null = null;

  get size(): number {
    return this.#prompts.size;
  }

  /** Registers a prompt, before it is submitted, so that no message is missed. */
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

  /** True while this prompt is the one that sends frames. */
  isRunning(promptId: string): boolean {
    return this.#running?.follower.promptId === promptId;
  }

  /** Passes a message to the followers it concerns. Returns the prompt that it is about, if that is registered. */
  onMessage(message: SocketMessage): P | null {
    const promptId = readPromptId(message);
    const own = promptId === null ? null : this.find(promptId);
    // A smaller queue, or the start of the next prompt, means that some prompt ended: all followers check.
    const isForAll = message.type === 'status' || message.type === 'execution_start';
    if (isForAll) for (const { follower } of this.list()) follower.onMessage(message);
    else own?.follower.onMessage(message);
    if (own && (message.type === 'execution_start' || message.type === 'executing')) this.#running = own;
    return own;
  }

  /** The socket reconnected: messages were missed. */
  onReconnected(): void {
    for (const { follower } of this.list()) follower.onReconnected();
  }

  /** The prompt that an image frame belongs to; a frame without a prompt id belongs to the running prompt. */
  findOwner(frame: ImageFrame): P | null {
    if (frame.event === 4 && frame.promptId !== null) return this.find(frame.promptId);
    return this.#running ?? this.list().find(({ follower }) => follower.phase === 'running') ?? null;
  }
}
