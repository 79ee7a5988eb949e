import type { PrincipalId, ProjectId, TaskId } from '@comfleet/contract';
import type { BoardLane } from './board-lane.ts';
import type { WorkerFacts } from './needs.ts';

/** A prompt of ours on a worker. */
export interface PlacedPrompt {
  readonly taskId: TaskId;
  readonly ownerId: PrincipalId;
  readonly projectId: ProjectId | null;
  readonly taskType: string;
  /** Key of its measured run times. */
  readonly workflowKey: string;
  /** The lane it came from. */
  readonly lane: string;
  /** Rank of its task when the task left its lane. */
  readonly rank: number;
  /** Acceptance order of its task. */
  readonly acceptedSeq: number;
  /** Models it runs with; empty for none. */
  readonly modelsKey: string;
  /** `sending` until it is in the worker's own queue, then `waiting`, then `running`; `leaving` while it is preempted. */
  phase: 'sending' | 'waiting' | 'running' | 'leaving';
  /** Monotonic; null before it runs. */
  startedMs: number | null;
}

/** A worker on the board, with its prompts. */
export class BoardWorker {
  facts: WorkerFacts;
  /** In the order they were sent. */
  readonly prompts = new Map<TaskId, PlacedPrompt>();
  /** Lanes whose tasks it can run. */
  readonly lanes = new Set<BoardLane>();
  isFree = false;
  /** True for a simulated worker while real workers are registered. */
  standsBack = false;
  /** How often it was chosen, the number of its last choice among all, and when that was (monotonic ms). */
  selections = 0;
  lastChoice = 0;
  lastChosenMs: number | null = null;
  /** Models that the last finished prompt left loaded. */
  #restingKey: string | null = null;
  #modelsKey: string | null = null;
  #previousKey: string | null = null;
  #prefetched: { prompt: PlacedPrompt; modelsKey: string } | null = null;

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

  /** Models that it will have loaded once its prompts are done; null when unknown. */
  get modelsKey(): string | null {
    return this.#modelsKey;
  }

  /** Models that it had before the current ones; null when unknown. */
  get previousKey(): string | null {
    return this.#previousKey;
  }

  /** Its last prompt, and the models without that prompt. Null unless the prompt only waits and none is being preempted. */
  get prefetched(): { readonly prompt: PlacedPrompt; readonly modelsKey: string } | null {
    return this.#prefetched;
  }

  occupy(prompt: PlacedPrompt): void {
    if (prompt.modelsKey !== '' && prompt.modelsKey !== this.#modelsKey) this.#previousKey = this.#modelsKey;
    this.prompts.set(prompt.taskId, prompt);
    this.#derive();
  }

  /** Returns false when it has no such prompt. */
  setPhase(taskId: TaskId, phase: PlacedPrompt['phase'], atMs: number): boolean {
    const prompt = this.prompts.get(taskId);
    if (!prompt) return false;
    prompt.phase = phase;
    if (phase === 'running') prompt.startedMs ??= atMs;
    this.#derive();
    return true;
  }

  /** Removes a prompt; the models of one that ran stay loaded. */
  release(taskId: TaskId): void {
    const prompt = this.prompts.get(taskId);
    this.prompts.delete(taskId);
    const hasRun = prompt !== undefined && prompt.startedMs !== null;
    if (hasRun && prompt.modelsKey !== '') this.#restingKey = prompt.modelsKey;
    this.#derive();
  }

  forgetModels(): void {
    this.#restingKey = null;
    this.#previousKey = null;
    this.#derive();
  }

  /** Derives what decisions read often, once for each change. */
  #derive(): void {
    let modelsKey = this.#restingKey;
    let keyBefore = modelsKey;
    let last: PlacedPrompt | null = null;
    let isLeaving = false;
    for (const prompt of this.prompts.values()) {
      keyBefore = modelsKey;
      if (prompt.modelsKey !== '') modelsKey = prompt.modelsKey;
      isLeaving ||= prompt.phase === 'leaving';
      last = prompt;
    }
    this.#modelsKey = modelsKey;
    this.#prefetched =
      last?.phase === 'waiting' && !isLeaving ? { prompt: last, modelsKey: keyBefore ?? '' } : null;
  }

  recordChoice(number: number, atMs: number): void {
    this.selections += 1;
    this.lastChoice = number;
    this.lastChosenMs = atMs;
  }
}
