import { isTerminal, type StreamFrame, type Task } from '@comfleet/contract';
import { toPlainText } from '../output/table.ts';
import type { CliTexts, Medium } from '../texts/cli-texts.ts';

export interface BatchPlan {
  readonly texts: CliTexts;
  readonly medium: Medium;
  readonly descriptions: number;
  readonly copies: number;
  /** The tasks in the order of their index. */
  readonly taskIds: readonly string[];
}

/** Turns the frames of a batch into its lines (BG2, BG3): each item announced once, each end said once. */
export class BatchLines {
  readonly #plan: BatchPlan;
  readonly #startedAtMs = new Map<string, number>();
  readonly #ended = new Set<string>();

  constructor(plan: BatchPlan) {
    this.#plan = plan;
  }

  take(frame: StreamFrame, nowMs: number): string[] {
    switch (frame.kind) {
      case 'snapshot':
        return this.#record(frame.task, nowMs, frame.task.duration_seconds);
      case 'event':
        return this.#record(frame.event, nowMs, frame.task?.duration_seconds ?? null);
      case 'progress':
      case 'preview':
        return this.#announce(frame.task_id, nowMs);
    }
  }

  #record(
    { task_id: taskId, status, error }: Pick<Task, 'task_id' | 'status' | 'error'>,
    nowMs: number,
    durationSeconds: number | null,
  ): string[] {
    if (status === 'running') return this.#announce(taskId, nowMs);
    if (!isTerminal(status) || this.#ended.has(taskId)) return [];
    const announced = this.#announce(taskId, nowMs);
    this.#ended.add(taskId);
    const { texts, taskIds } = this.#plan;
    const [item, total] = [taskIds.indexOf(taskId) + 1, taskIds.length];
    if (status === 'succeeded') {
      const seconds = durationSeconds ?? (nowMs - (this.#startedAtMs.get(taskId) ?? nowMs)) / 1000;
      return [...announced, texts.say('cli.batch_item_done', { item, total, seconds: seconds.toFixed(2) })];
    }
    const message = error === null ? texts.name('status', status) : toPlainText(texts.error(error));
    return [...announced, texts.say('cli.batch_item_failed', { item, total, message })];
  }

  #announce(taskId: string, nowMs: number): string[] {
    const { texts, medium, descriptions, copies, taskIds } = this.#plan;
    const index = taskIds.indexOf(taskId);
    if (index < 0 || this.#startedAtMs.has(taskId)) return [];
    this.#startedAtMs.set(taskId, nowMs);
    const params = {
      item: index + 1,
      total: taskIds.length,
      description: Math.floor(index / copies) + 1,
      descriptions,
      copy: (index % copies) + 1,
      copies,
      medium,
    };
    return [texts.say('cli.batch_item', params)];
  }
}
