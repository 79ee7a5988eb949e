import type { TaskId } from '@comfleet/contract';
import type { BoardLane } from './board-lane.ts';
import type { WorkerFacts } from './needs.ts';

/** A prompt of ours on a worker. */
export interface PlacedPrompt {
  readonly taskId: TaskId;
  readonly ownerId: string;
  readonly taskType: string;
  /** What its run time is measured under. */
  readonly workflowKey: string;
  /** Lane it came from. */
  readonly lane: string;
  /** Rank of its task when it left its lane. */
  readonly rank: number;
  /** Models it runs with; empty for none. */
  readonly modelsKey: string;
  /** `sending` until it stands in the worker's own queue, then `waiting`, then `running`; `leaving` while it is taken back. */
  phase: 'sending' | 'waiting' | 'running' | 'leaving';
  /** Monotonic; null before it runs. */
  startedMs: number | null;
}

/** A worker on the board: what is known of it, and the prompts it has. */
export class BoardWorker {
  facts: WorkerFacts;
  /** In the order they were sent. */
  readonly prompts = new Map<TaskId, PlacedPrompt>();
  /** Lanes whose tasks it can run. */
  readonly lanes = new Set<BoardLane>();
  isFree = false;
  /** Simulated, while real workers are registered. */
  standsBack = false;
  /** How often it was chosen, at which of all choices last, and when (monotonic ms). */
  selections = 0;
  lastChoice = 0;
  lastChosenMs: number | null = null;
  /** Models left loaded by what ran last. */
  #restingKey: string | null = null;

  constructor(facts: WorkerFacts) {
    this.facts = facts;
  }

  get load(): number {
    return this.prompts.size;
  }

  /** Share of its slots in use. */
  get share(): number {
    return this.load / Math.max(1, this.facts.slots);
  }

  /** Models it has loaded once everything it was sent is done; null when unknown. */
  get modelsKey(): string | null {
    let key = this.#restingKey;
    for (const prompt of this.prompts.values()) if (prompt.modelsKey !== '') key = prompt.modelsKey;
    return key;
  }

  occupy(prompt: PlacedPrompt): void {
    this.prompts.set(prompt.taskId, prompt);
  }

  setPhase(taskId: TaskId, phase: PlacedPrompt['phase'], atMs: number): PlacedPrompt | null {
    const prompt = this.prompts.get(taskId);
    if (!prompt) return null;
    prompt.phase = phase;
    if (phase === 'running') prompt.startedMs ??= atMs;
    return prompt;
  }

  release(taskId: TaskId, ran: boolean): void {
    const prompt = this.prompts.get(taskId);
    this.prompts.delete(taskId);
    if (ran && prompt && prompt.modelsKey !== '') this.#restingKey = prompt.modelsKey;
  }

  forgetModels(): void {
    this.#restingKey = null;
  }

  noteChoice(number: number, atMs: number): void {
    this.selections += 1;
    this.lastChoice = number;
    this.lastChosenMs = atMs;
  }
}
